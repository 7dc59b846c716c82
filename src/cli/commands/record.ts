/** `deit record`: writes what this project computes as a recording, for `deit verify` and for other implementations to compare with. */
import { statSync } from "node:fs";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { Choice } from "../../recording/format/chosenResults.ts";
import { makeRecording } from "../../recording/makeRecording.ts";
import type { Recording } from "../../recording/format/read.ts";
import { saveRecording } from "../../recording/format/save.ts";
import { engineOf } from "../engine.ts";
import { collected, positive, withEngine, withExamples, withJson, withSeed, type EngineOptions, type JsonOption } from "../options.ts";
import { megabytes, print, printJson } from "../output.ts";
import { checkWritable } from "../outputPath.ts";
import { requestOf, type RequestOptions } from "../inputs/recordRequest.ts";

type RecordOptions = RequestOptions & EngineOptions & JsonOption;

/** How many results of each kind there are: `taps 31, loss 1`. */
function counts({ results }: Recording): string {
  const kinds = [...results.keys()].map((name) => name.split("/")[0] ?? "");
  return [...new Set(kinds)].map((kind) => `${kind} ${kinds.filter((other) => other === kind).length}`).join(", ");
}

async function run(model: string, out: string, options: RecordOptions): Promise<void> {
  checkWritable(out);
  const engine = await engineOf(options);
  const order = await requestOf(engine, model, options);
  const recording = await makeRecording(engine, order);
  await saveRecording(out, recording);
  const bytes = statSync(out).size;
  const loss = recording.results.get("loss")?.data[0] ?? null;
  if (options.json === true)
    return printJson({
      out,
      engine: engine.name,
      dtype: recording.configuration.dtype,
      tensors: recording.results.size,
      bytes,
      loss,
    });
  print(`${out}: ${counts(recording)}; ${megabytes(bytes)}, computed in ${recording.configuration.dtype} by the ${engine.name} engine`);
}

/** `all`, `none`, or names separated by commas. */
const choice = (text: string): Choice => (text === "all" || text === "none" ? text : text.split(","));

/** Parses numbers separated by commas, which must all satisfy `holds`. */
const numbers =
  (what: string, holds: (n: number) => boolean) =>
  (text: string): readonly number[] => {
    const list = text.split(",").map((item) => (item.trim() === "" ? NaN : Number(item)));
    if (!list.every(holds)) throw new InvalidArgumentError(`It must be ${what}, separated by commas.`);
    return list;
  };

function rate(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < 1)) throw new InvalidArgumentError("It must be in [0, 1).");
  return value;
}

export function addRecord(program: Command): void {
  const command = program
    .command("record")
    .description(
      "write what this project computes on one batch as a recording: taps (intermediate values) and, with a loss, cotangents, gradients and updated weights",
    )
    .argument(
      "<model>",
      "deit-{tiny,small,base}[-distilled] or timm's name; the folder of a run or a file of weights; or FILE.json, the JSON of a recording",
    )
    .argument("<out>", "the file to write (safetensors)")
    .option("--weights <source>", "hash:SEED, or a file of this model (default: hash:0)")
    .option("--images <source>", "hash:SEED, or a .safetensors, .npz or .npy file of normalised `images` [B, C, S, S] (default: hash:0)")
    .addOption(new Option("--batch <b>", "number of images that are generated from a hash (default: 2)").argParser(positive))
    .addOption(new Option("--image-size <s>", "side of the images in pixels, a multiple of the patch").argParser(positive))
    .addOption(
      new Option(
        "--loss <target>",
        "target of the loss, drawn from --seed (default: none, or labels if there is a teacher or an optimizer)",
      ).choices(["none", "labels", "distribution"]),
    )
    .addOption(
      new Option("--labels <list>", "one class for each image, instead of drawn ones").argParser(
        numbers("integers from 0", (n) => Number.isSafeInteger(n) && n >= 0),
      ),
    )
    .addOption(
      new Option("--distillation <kind>", "distil from teacher logits that are drawn from --seed").choices(["none", "hard", "soft"]),
    )
    .addOption(
      new Option("--drop-path <rate>", "rate of drop path, the same in all blocks; multipliers are drawn from --seed").argParser(rate),
    )
    .addOption(new Option("--optimizer <kind>", "take optimizer steps on this batch").choices(["none", "adamw", "sgd"]))
    .addOption(new Option("--lr <list>", "learning rates, one for each step").argParser(numbers("numbers", Number.isFinite)))
    .addOption(
      new Option(
        "--set <key=value>",
        "change a value of the recording's JSON, such as loss.smoothing=0; may be given several times",
      ).argParser(collected),
    )
    .addOption(
      new Option("--taps <names>", "all, none, or names separated by commas, where * stands for any characters (default: all)").argParser(
        choice,
      ),
    )
    .addOption(new Option("--cotangents <names>", "the same for the cotangents of taps (default: all)").argParser(choice))
    .addOption(new Option("--grads <names>", "the same for the gradients of weights, and of `images` (default: all)").argParser(choice))
    .addOption(
      new Option("--after <names>", "the same for the weights after each step, such as 1/head.bias (default: all)").argParser(choice),
    )
    .addOption(
      new Option("--store <numbers>", "precision in which numbers are stored (default: that in which they are computed)").choices([
        "f32",
        "f64",
      ]),
    );
  withExamples(withJson(withSeed(withEngine(command), "draws labels, targets, teacher logits and drop path")), [
    ["deit record deit-tiny-distilled ti.safetensors --batch 1", "every tap of DeiT-Ti⚗; `deit verify ti.safetensors` checks it"],
    ["deit record deit-tiny ti.safetensors --loss labels --taps none --grads 'head.*,images'", "the loss and some gradients"],
    [
      "deit record deit-tiny small.safetensors --image-size 32 --set model.width=24 --set model.depth=2 --distillation soft",
      "a small model of your own",
    ],
    [
      "deit record runs/digits-0 digits.safetensors --optimizer adamw --lr 1e-3,5e-4 --engine reference",
      "trained weights, and two steps in float64",
    ],
  ]).action(run);
}
