/** `deit summary`: sizes, multiply–adds and memory of a model, module by module, without running it. */
import { Option, type Command } from "commander";
import { show } from "../../tensor/tensor.ts";
import { modelNamed } from "../inputs/models.ts";
import { positive, withExamples, withJson, type JsonOption } from "../options.ts";
import { grouped, megabytes, print, printJson, table } from "../output.ts";
import { summaryOf } from "../plan.ts";

interface SummaryOptions extends JsonOption {
  readonly imageSize?: number;
  readonly batch: number;
}

const GIGA = 1e9;

function run(name: string, { imageSize, batch, json }: SummaryOptions): void {
  const model = modelNamed(name, imageSize);
  const summary = summaryOf(model, batch);
  if (json === true) return printJson(summary);

  const { parameters, macs, tokens, trainBytes, rows } = summary;
  const side = model.kind === "deit" ? model.config.imageSize : model.imageSize;
  const saved = rows.reduce((sum, row) => sum + row.savedBytes, 0);
  const cells = rows.map((r) => [r.path, grouped(r.parameters), grouped(r.macs), show(r.shape), megabytes(r.savedBytes)]);
  const head = ["module", "parameters", "MACs an image", "output", "saved"];
  const last = ["total", grouped(parameters), grouped(macs), "", megabytes(saved)];
  for (const line of table([head, ...cells, last], ["left", "right", "right", "left", "right"])) print(line);
  print("");
  print(
    `${name}: ${side}×${side} pixels${tokens === null ? "" : `, ${tokens} tokens`}, ${grouped(parameters)} parameters, ${(macs / GIGA).toFixed(3)} GMACs an image`,
  );
  print(`a training step at batch ${batch} in f32 takes ${megabytes(trainBytes)}: weights, optimizer, gradients and activations`);
}

export function addSummary(program: Command): void {
  const command = program
    .command("summary")
    .description("show sizes, multiply–adds and memory of a model, one row a module")
    .argument("<model>", "deit-{tiny,small,base}[-distilled], regnety-{4,8,12,16}gf, or timm's name")
    .addOption(new Option("--image-size <s>", "side of the images in pixels, a multiple of the patch").argParser(positive))
    .addOption(new Option("--batch <b>", "images of a training step").argParser(positive).default(1));
  withExamples(withJson(command), [
    ["deit summary deit-tiny-distilled", "DeiT-Ti⚗ at 224×224"],
    ["deit summary deit-base-distilled --image-size 384 --json", "for a script"],
    ["deit summary regnety-16gf --batch 32", "the teacher"],
  ]).action(run);
}
