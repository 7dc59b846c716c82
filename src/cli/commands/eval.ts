/** `deit eval`: accuracy and loss of a model on a data set, at one or several image sizes, or on crops of several areas. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { LARGEST_SIDE } from "../../data/images/preprocess.ts";
import type { HostBatch } from "../../data/loader/batch.ts";
import { croppedSet } from "../../data/loader/croppedSet.ts";
import { evaluationSet, type EvaluationSet, type OrderedSettings } from "../../data/loader/evaluationSet.ts";
import type { Dataset } from "../../data/sources/dataset.ts";
import { datasetOfSide } from "../../data/sources/from.ts";
import { knownData, openDataset } from "../../data/sources/open.ts";
import type { Engine } from "../../kernels/engine.ts";
import { headNames, type Evaluation } from "../../train/evaluation/evaluate.ts";
import { positionMethods } from "../../model/resizedPositions.ts";
import { engineOf } from "../engine.ts";
import { areaJson, evaluationJson, printAreas, printOne, printSizes, sizeJson, type OfArea, type Sized } from "../evaluationTables.ts";
import { openedEvaluated, type Evaluated, type EvaluatedOptions, type OnEngine } from "../inputs/evaluated.ts";
import { withConvention, type ImageOptions } from "../inputs/imageOptions.ts";
import { WEIGHTS, withWeights } from "../inputs/weightsOptions.ts";
import {
  natural,
  positiveUpTo,
  withEngine,
  withExamples,
  withJson,
  workersOption,
  type EngineOptions,
  type JsonOption,
} from "../options.ts";
import { printJson, showForNow } from "../output.ts";

interface EvalOptions extends EngineOptions, JsonOption, EvaluatedOptions, Pick<ImageOptions, "convention"> {
  readonly workers: number;
  /** The sides of the images, in pixels; default: that of the weights. */
  readonly imageSize?: readonly number[];
  /** Ends of ranges of areas, each a share of an image's area, ascending; absent: the test view. */
  readonly cropAreas?: readonly number[];
  /** Of the crops. */
  readonly seed?: number;
}

/** Passes batches on, and shows the number of images done on a terminal. */
async function* counted(batches: AsyncIterable<HostBatch>, what: string, count: number): AsyncGenerator<HostBatch, void> {
  let done = 0;
  try {
    for await (const batch of batches) {
      showForNow(`${what}: ${done} of ${count} images`);
      yield batch;
      done += batch.labels.length;
    }
  } finally {
    showForNow("");
  }
}

/** Evaluates a network on an engine, and closes the set's workers. */
async function evaluationOn({ evaluate }: OnEngine, set: EvaluationSet, what: string): Promise<Evaluation> {
  try {
    return await evaluate(counted(set.batches(), what, set.dataset.count));
  } finally {
    await set.close();
  }
}

/** How a set becomes the batches of a network on an engine. */
const settingsOf = ({ shape, normalisation }: Evaluated, { batch }: OnEngine, dataset: Dataset, workers: number): OrderedSettings => ({
  dataset,
  side: shape.side,
  normalisation,
  batch,
  workers,
  onReplaced: null,
});

/** Evaluates a network at its image size. */
async function sized(engine: Engine, network: Evaluated, dataset: Dataset, { convention, workers }: EvalOptions): Promise<Sized> {
  const { side: imageSize } = network.shape;
  const opened = await network.open(engine);
  try {
    const set = evaluationSet({ ...settingsOf(network, opened, dataset, workers), convention });
    const start = performance.now();
    const evaluation = await evaluationOn(opened, set, `${imageSize} × ${imageSize}`);
    return { imageSize, evaluation, imagesPerSecond: (1000 * dataset.count) / (performance.now() - start) };
  } finally {
    opened.release();
  }
}

/** Evaluates a network on crops: once for each range, from one of `ends` to the next. */
async function ofAreas(
  engine: Engine,
  network: Evaluated,
  dataset: Dataset,
  { workers, ends, seed }: { readonly workers: number; readonly ends: readonly number[]; readonly seed: number },
): Promise<readonly OfArea[]> {
  const opened = await network.open(engine);
  const results: OfArea[] = [];
  try {
    for (const [i, to] of ends.slice(1).entries()) {
      const from = ends[i] ?? NaN;
      const set = croppedSet(settingsOf(network, opened, dataset, workers), { area: [from, to], seed });
      results.push({ from, to, evaluation: await evaluationOn(opened, set, `${from} … ${to}`) });
    }
    return results;
  } finally {
    opened.release();
  }
}

/** @throws RangeError for options that have no meaning together */
function checkOptions({ cropAreas, imageSize = [], seed, convention, positions }: EvalOptions): void {
  if (positions !== undefined && imageSize.length === 0)
    throw new RangeError(`--positions ${positions} goes with --image-size: at the model's own size no positions are resized`);
  if (cropAreas === undefined) {
    if (seed !== undefined) throw new RangeError(`--seed ${seed} has no effect without --crop-areas: the test view is not drawn`);
    return;
  }
  const areas = `--crop-areas ${cropAreas.join(",")}`;
  if (imageSize.length > 1)
    throw new RangeError(`${areas} goes with one image size, got --image-size ${imageSize.join(",")}; give one, and repeat the command`);
  if (convention !== "deit") throw new RangeError(`--convention ${convention} is of the test view, which ${areas} replaces by crops`);
}

/** Opens the weights and the data for all sizes, so that a size that cannot be evaluated is noticed before the others are. */
async function run(source: string, data: string, options: EvalOptions): Promise<void> {
  checkOptions(options);
  const engine = await engineOf(options);
  const { imageSize: sides = [undefined], cropAreas: ends, seed = 0, workers } = options;
  const networks = sides.map(openedEvaluated(source, options));
  for (const { checkFits } of networks) checkFits(engine);
  const opened: (readonly [network: Evaluated, dataset: Dataset])[] = [];
  try {
    for (const network of networks) {
      const first = opened[0]?.[1];
      opened.push([network, first === undefined ? openDataset(data, network.shape) : datasetOfSide(first, network.shape.side)]);
    }
    const of = `${data} (${networks[0]?.by})`;
    if (ends === undefined) {
      const results: Sized[] = [];
      for (const [network, dataset] of opened) results.push(await sized(engine, network, dataset, options));
      showSizes(results, of, options);
    } else
      for (const [network, dataset] of opened) showAreas(await ofAreas(engine, network, dataset, { workers, ends, seed }), of, options);
  } finally {
    for (const [, dataset] of opened) dataset.close();
  }
}

function showAreas(results: readonly OfArea[], of: string, { json, seed = 0 }: EvalOptions): void {
  if (json === true) printJson({ areas: results.map(areaJson) });
  else printAreas(results, of, seed);
}

function showSizes(results: readonly Sized[], of: string, { json }: EvalOptions): void {
  const [only, ...others] = results;
  if (only === undefined) return;
  if (json !== true) return others.length === 0 ? printOne(only.evaluation, of) : printSizes(results, of);
  printJson(others.length === 0 ? evaluationJson(only.evaluation) : { sizes: results.map(sizeJson) });
}

/** `160,224,288` → [160, 224, 288]. @throws InvalidArgumentError, which commander turns into the command's one line */
function sidesOf(text: string): readonly number[] {
  const sideOf = positiveUpTo(LARGEST_SIDE);
  const parts = text.split(",");
  if (!parts.every((part) => /^\d+$/.test(part)))
    throw new InvalidArgumentError("It must be one size, or several with commas between them, such as 160,224,288.");
  const sides = parts.map(sideOf);
  const twice = sides.find((side, i) => sides.indexOf(side) !== i);
  if (twice !== undefined) throw new InvalidArgumentError(`It has ${twice} twice.`);
  return sides;
}

const SIDES =
  "sides of the images in pixels (default: the model's), one or several: 160,224,288. The model is not trained for them: only the position " +
  "embedding is resized (weights from a hash are generated for each). Images are resized and cropped for each size as --convention says; " +
  "sets of images that all have the size already, such as CIFAR at 32, and digits stay whole";

/** `0.08,0.5,1` → [0.08, 0.5, 1]. @throws InvalidArgumentError, which commander turns into the command's one line */
function areasOf(text: string): readonly number[] {
  const parts = text.split(",");
  const ends = parts.map(Number);
  const ascending = ends.every((end, i) => end > (ends[i - 1] ?? 0) && end <= 1);
  if (parts.length < 2 || !parts.every((part) => /^\d*\.?\d+$/.test(part)) || !ascending)
    throw new InvalidArgumentError(
      "It must be shares of an image's area, at least two, ascending, above 0 and up to 1: 0.08,0.2,0.4,0.6,0.8,1.",
    );
  return ends;
}

const AREAS =
  "instead of the test view, one random resized crop of each image, as in training but without its other augmentation; its share of the " +
  "image's area is drawn from the first range, then from the next: 0.08,0.2,0.4,0.6,0.8,1 has five. One evaluation for each range";

const NETWORKS = `${WEIGHTS}; of a DeiT or of a RegNetY, such as the teacher in RUN/teacher`;

const POSITIONS =
  "how a file's position embedding is resized for --image-size: bicubic as in DeiT, bilinear, nearest; -norm gives each resized vector the norm " +
  "that the same weights make of the norms (default: bicubic)";

export function addEval(program: Command): void {
  const command = program
    .command("eval")
    .description("print accuracy, loss and the disagreement between the heads; at several image sizes or areas of crops, a table")
    .argument("<run-or-weights>", NETWORKS)
    .argument("<data>", `${knownData.join(", ")}; the default split is test`)
    .addOption(new Option("--head <head>", "which head of a DeiT decides").choices(headNames).default("mean"))
    .addOption(new Option("--crop-areas <a,b,…>", AREAS).argParser(areasOf))
    .addOption(new Option("--seed <n>", "for --crop-areas: the seed of the crops (default: 0)").argParser(natural))
    .addOption(workersOption())
    .addOption(new Option("--positions <method>", POSITIONS).choices(positionMethods));
  const side = new Option("--image-size <s,…>", SIDES).argParser(sidesOf);
  withExamples(withJson(withEngine(withConvention(withWeights(command, side)))), [
    ["deit eval runs/digits-0 digits", "the test images, by the mean of both heads"],
    ["deit eval runs/digits-0 digits:train --head class", "the training images, by the class head"],
    ["deit eval runs/digits-0 digits --ema", "the moving average of the weights"],
    ["deit eval runs/digits-0/teacher digits", "the teacher that the run has trained"],
    ["deit eval runs/digits-0 digits --crop-areas 0.08,0.2,0.4,0.6,0.8,1", "how often a crop no longer shows what its label says"],
    ["deit eval deit_tiny.safetensors val.tar", "photographs, one sub-folder a class"],
    ["deit eval deit_tiny.safetensors val.tar --image-size 160,224,288,384", "at other resolutions, without training"],
    ["deit eval deit_tiny.safetensors val.tar --image-size 384 --positions bilinear", "with positions resized in another way"],
    ["deit eval hash:7 synthetic:4 --model deit-tiny", "random weights"],
  ]).action(run);
}
