/** `deit eval`: accuracy and loss of a model on a data set. */
import { Option, type Command } from "commander";
import type { HostBatch } from "../../data/loader/batch.ts";
import { evaluationSet } from "../../data/loader/evaluationSet.ts";
import { checkedNormalisation } from "../../data/normalise.ts";
import { knownData, openDataset } from "../../data/sources/open.ts";
import { evaluate, headNames, imagesAtOnce, type Evaluation, type HeadName } from "../../train/evaluation/evaluate.ts";
import { engineOf } from "../engine.ts";
import { withConvention, type ImageOptions } from "../inputs/imageOptions.ts";
import { withEngine, withExamples, withJson, workersOption, type EngineOptions, type JsonOption } from "../options.ts";
import { percent, print, printJson, showForNow } from "../output.ts";
import { weightedModel, type WeightsOptions } from "../inputs/weights.ts";
import { WEIGHTS, withWeights } from "../inputs/weightsOptions.ts";

interface EvalOptions extends EngineOptions, JsonOption, WeightsOptions, ImageOptions {
  readonly head: HeadName;
  readonly workers: number;
}

const LOSS_DIGITS = 4;

/** Passes batches on, and shows the number of images done on a terminal. */
async function* counted(batches: AsyncIterable<HostBatch>, count: number): AsyncGenerator<HostBatch, void> {
  let done = 0;
  try {
    for await (const batch of batches) {
      showForNow(`${done} of ${count} images`);
      yield batch;
      done += batch.labels.length;
    }
  } finally {
    showForNow("");
  }
}

async function run(source: string, data: string, options: EvalOptions): Promise<void> {
  const engine = await engineOf(options);
  const { config, preprocessing, upload } = weightedModel(source, options);
  const model = { config, params: upload(engine.kernels) };
  const { channels, imageSize: side, classes } = config;
  const dataset = openDataset(data, { channels, side, classes });
  const set = evaluationSet({
    dataset,
    side,
    convention: options.convention,
    normalisation: checkedNormalisation(preprocessing, channels),
    batch: imagesAtOnce(engine, model),
    workers: options.workers,
    onReplaced: null,
  });
  try {
    const result = await evaluate(engine, model, counted(set.batches(), dataset.count), options.head);
    show(result, data, options);
  } finally {
    await set.close();
    dataset.close();
  }
}

function show(result: Evaluation, data: string, options: EvalOptions): void {
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
    .description("print accuracy, loss and the disagreement between the heads")
    .argument("<run-or-weights>", WEIGHTS)
    .argument("<data>", `${knownData.join(", ")}; the default split is test`)
    .addOption(new Option("--head <head>", "which head decides").choices(headNames).default("mean"))
    .addOption(workersOption());
  withExamples(withJson(withEngine(withConvention(withWeights(command)))), [
    ["deit eval runs/digits-0 digits", "the test images, by the mean of both heads"],
    ["deit eval runs/digits-0 digits:train --head class", "the training images, by the class head"],
    ["deit eval deit_tiny.safetensors val.tar", "photographs, one sub-folder a class"],
    ["deit eval hash:7 synthetic:4 --model deit-tiny", "random weights"],
  ]).action(run);
}
