/** `deit eval`: accuracy and loss of a model on a data set. */
import { Option, type Command } from "commander";
import { EVALUATION_BATCH, evaluationBatches, type Batches, type HostBatch } from "../../data/batches.ts";
import { openImageSet } from "../../data/images/imageSet.ts";
import type { Convention } from "../../data/images/preprocess.ts";
import { checkedNormalisation, type Normalisation } from "../../data/normalise.ts";
import { isNamed, knownData, openDataset, unknownData } from "../../data/open.ts";
import { evaluate, headNames, imagesAtOnce, type HeadName } from "../../train/evaluation/evaluate.ts";
import type { DeitConfig } from "../../model/config.ts";
import { engineOf } from "../engine.ts";
import { withConvention, type ImageOptions } from "../inputs/imageOptions.ts";
import { withEngine, withExamples, withJson, type EngineOptions, type JsonOption } from "../options.ts";
import { percent, print, printJson, showForNow } from "../output.ts";
import { weightedModel, type WeightsOptions } from "../inputs/weights.ts";
import { WEIGHTS, withWeights } from "../inputs/weightsOptions.ts";

interface EvalOptions extends EngineOptions, JsonOption, WeightsOptions, ImageOptions {
  readonly head: HeadName;
}

const LOSS_DIGITS = 4;

/** What can be evaluated in addition to the named data sets. */
const PHOTOGRAPHS = "a folder or .tar of images[:train|test|val] with one sub-folder a class";

/** Opens a data set by its name, else a folder or archive of images. */
function batchesOf(
  data: string,
  { channels, imageSize, classes }: DeitConfig,
  normalisation: Normalisation,
  convention: Convention,
  atOnce: number,
): Batches {
  const shape = { channels, side: imageSize, classes };
  if (isNamed(data)) return evaluationBatches(openDataset(data, shape), atOnce, normalisation);
  const photographs = openImageSet(data, shape);
  if (photographs === null) throw unknownData(data, [...knownData, PHOTOGRAPHS]);
  return counted(photographs.batches(atOnce, convention, normalisation), photographs.count);
}

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
  const normalisation = checkedNormalisation(preprocessing, config.channels);
  const batches = batchesOf(data, config, normalisation, options.convention, imagesAtOnce(engine, model, EVALUATION_BATCH));
  const result = await evaluate(engine, model, batches, options.head);
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
    .argument("<data>", `${[...knownData, PHOTOGRAPHS].join(", ")}; the default split is test`)
    .addOption(new Option("--head <head>", "which head decides").choices(headNames).default("mean"));
  withExamples(withJson(withEngine(withConvention(withWeights(command)))), [
    ["deit eval runs/digits-0 digits", "the test images, by the mean of both heads"],
    ["deit eval runs/digits-0 digits:train --head class", "the training images, by the class head"],
    ["deit eval deit_tiny.safetensors val.tar", "photographs, one sub-folder a class"],
    ["deit eval hash:7 synthetic:4 --model deit-tiny", "random weights"],
  ]).action(run);
}
