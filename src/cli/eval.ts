/** `deit eval`: how well weights classify a data set. */
import { Option, type Command } from "commander";
import { evaluationBatches } from "../data/batches.ts";
import { checkedNormalisation } from "../data/normalise.ts";
import { knownData, openDataset } from "../data/open.ts";
import { evaluate, heads, type Head } from "../train/evaluate.ts";
import { engineOf } from "./engines.ts";
import { positive, withEngine, withExamples, withJson, type EngineOptions, type JsonOption } from "./options.ts";
import { percent, print, printJson } from "./output.ts";
import { resizedModel, weightedModel, type WeightsOptions } from "./weights.ts";

interface EvalOptions extends EngineOptions, JsonOption, WeightsOptions {
  readonly head: Head;
  readonly imageSize?: number;
}

/** Images a forward pass. */
const BATCH = 60;
const LOSS_DIGITS = 4;

async function run(source: string, data: string, options: EvalOptions): Promise<void> {
  const engine = await engineOf(options);
  const { config, preprocessing, upload } = resizedModel(weightedModel(source, options), options.imageSize);
  const dataset = openDataset(data, { channels: config.channels, side: config.imageSize, classes: config.classes });
  const batches = evaluationBatches(dataset, BATCH, checkedNormalisation(preprocessing, config.channels));
  const result = await evaluate(engine, { config, params: upload(engine.kernels) }, batches, options.head);
  const { top1, top5, loss, images, disagreement } = result;
  if (options.json === true) return printJson({ top1, top5, loss, images, disagreement });
  print(
    `top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(LOSS_DIGITS)} on ${images} images of ${data} (head: ${options.head})`,
  );
  if (disagreement !== null) print(`the two heads disagree on ${percent(disagreement)} of the images`);
}

export function addEval(program: Command): void {
  const command = program
    .command("eval")
    .description("accuracy, loss and disagreement between the heads")
    .argument("<run-or-weights>", "a run's folder, a safetensors file, or hash:SEED with --model")
    .argument("<data>", `${knownData.join(", ")}; the split is test where none is given`)
    .addOption(new Option("--head <head>", "whose decision").choices(heads).default("mean"))
    .addOption(new Option("--image-size <s>", "side of the images in pixels; the position embedding is resized").argParser(positive))
    .addOption(new Option("--model <model>", "for hash:SEED"))
    .addOption(new Option("--heads <h>", "for a file that does not tell: attention heads, else width/64").argParser(positive));
  withExamples(withJson(withEngine(command)), [
    ["deit eval runs/digits-0 digits", "the test images, by the mean of both heads"],
    ["deit eval runs/digits-0 digits:train --head class", "the training images, by the class head"],
    ["deit eval hash:7 synthetic:4 --model deit-tiny", "random weights"],
  ]).action(run);
}
