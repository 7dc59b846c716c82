/** `deit eval`: accuracy and loss of a model on a data set, at one or several image sizes. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { LARGEST_SIDE } from "../../data/images/preprocess.ts";
import type { HostBatch } from "../../data/loader/batch.ts";
import { evaluationSet } from "../../data/loader/evaluationSet.ts";
import { checkedNormalisation } from "../../data/normalise.ts";
import type { Dataset } from "../../data/sources/dataset.ts";
import { datasetOfSide } from "../../data/sources/from.ts";
import { knownData, openDataset } from "../../data/sources/open.ts";
import type { Engine } from "../../kernels/engine.ts";
import { positionMethods } from "../../model/resizedPositions.ts";
import { evaluate, headNames, imagesHeldAtOnce, checkImageFits, type Evaluation, type HeadName } from "../../train/evaluation/evaluate.ts";
import { engineOf } from "../engine.ts";
import { withConvention, type ImageOptions } from "../inputs/imageOptions.ts";
import { positiveUpTo, withEngine, withExamples, withJson, workersOption, type EngineOptions, type JsonOption } from "../options.ts";
import { percent, print, printJson, showForNow, table } from "../output.ts";
import { openedWeights, type WeightedModel, type WeightsOptions } from "../inputs/weights.ts";
import { WEIGHTS, withWeights } from "../inputs/weightsOptions.ts";

interface EvalOptions extends EngineOptions, JsonOption, Omit<WeightsOptions, "imageSize">, Pick<ImageOptions, "convention"> {
  readonly head: HeadName;
  readonly workers: number;
  /** The sides of the images, in pixels; default: that of the weights. */
  readonly imageSize?: readonly number[];
}

/** The evaluation at one image size. */
interface Sized {
  readonly imageSize: number;
  readonly evaluation: Evaluation;
  readonly imagesPerSecond: number;
}

const LOSS_DIGITS = 4;

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

/** Evaluates a model at its image size. */
async function evaluated(engine: Engine, opened: WeightedModel, dataset: Dataset, options: EvalOptions): Promise<Sized> {
  const { config, preprocessing, upload } = opened;
  const { channels, imageSize } = config;
  const model = { config, params: upload(engine.kernels) };
  const set = evaluationSet({
    dataset,
    side: imageSize,
    convention: options.convention,
    normalisation: checkedNormalisation(preprocessing, channels),
    batch: await imagesHeldAtOnce(engine, model),
    workers: options.workers,
    onReplaced: null,
  });
  try {
    const start = performance.now();
    const batches = counted(set.batches(), `${imageSize} × ${imageSize}`, dataset.count);
    const evaluation = await evaluate(engine, model, batches, options.head);
    return { imageSize, evaluation, imagesPerSecond: (1000 * dataset.count) / (performance.now() - start) };
  } finally {
    await set.close();
    engine.release(model.params);
  }
}

/** Opens the weights and the data for all sizes, so that a size that cannot be evaluated is noticed before the others are. */
async function run(source: string, data: string, options: EvalOptions): Promise<void> {
  if (options.positions !== undefined && options.imageSize === undefined)
    throw new RangeError(`--positions ${options.positions} goes with --image-size: at the model's own size no positions are resized`);
  const engine = await engineOf(options);
  const { imageSize: sides = [undefined] } = options;
  const modelOf = openedWeights(source, options);
  const models = sides.map((side) => modelOf(side));
  for (const { config, upload } of models) checkImageFits(engine, config, upload);
  const sets: Dataset[] = [];
  try {
    for (const { config } of models) {
      const { channels, imageSize: side, classes } = config;
      const [first] = sets;
      sets.push(first === undefined ? openDataset(data, { channels, side, classes }) : datasetOfSide(first, side));
    }
    const results: Sized[] = [];
    for (const [i, dataset] of sets.entries()) {
      const model = models[i];
      if (model !== undefined) results.push(await evaluated(engine, model, dataset, options));
    }
    show(results, data, options);
  } finally {
    for (const set of sets) set.close();
  }
}

function show(results: readonly Sized[], data: string, { json, head, positions }: EvalOptions): void {
  const [only, ...others] = results;
  if (only === undefined) return;
  const { images, disagreement } = only.evaluation;
  const how = `head: ${head}${positions === undefined ? "" : `, positions: ${positions}`}`;
  if (others.length === 0) {
    const { top1, top5, loss } = only.evaluation;
    if (json === true) return printJson({ top1, top5, loss, images, disagreement });
    print(`top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(LOSS_DIGITS)} on ${images} images of ${data} (${how})`);
    if (disagreement !== null) print(`the two heads disagree on ${percent(disagreement)} of the images`);
    return;
  }
  if (json === true)
    return printJson({
      sizes: results.map(({ imageSize, evaluation: { top1, top5, loss, images, disagreement }, imagesPerSecond }) => ({
        imageSize,
        top1,
        top5,
        loss,
        images,
        disagreement,
        imagesPerSecond,
      })),
    });
  const rows = results.map(({ imageSize, evaluation: { top1, top5, loss }, imagesPerSecond }) => [
    `${imageSize}`,
    percent(top1),
    percent(top5),
    loss.toFixed(LOSS_DIGITS),
    imagesPerSecond.toPrecision(3),
  ]);
  const header = ["image size", "top-1", "top-5", "loss", "images/s"];
  for (const line of table(
    [header, ...rows],
    header.map(() => "right"),
  ))
    print(line);
  print(`on ${images} images of ${data} (${how})`);
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

const POSITIONS =
  "how a file's position embedding is resized for --image-size: bicubic as in DeiT, bilinear, nearest; -norm gives each resized vector the norm " +
  "that the same weights make of the norms (default: bicubic)";

export function addEval(program: Command): void {
  const command = program
    .command("eval")
    .description("print accuracy, loss and the disagreement between the heads; at several image sizes, a table")
    .argument("<run-or-weights>", WEIGHTS)
    .argument("<data>", `${knownData.join(", ")}; the default split is test`)
    .addOption(new Option("--head <head>", "which head decides").choices(headNames).default("mean"))
    .addOption(workersOption())
    .addOption(new Option("--positions <method>", POSITIONS).choices(positionMethods));
  const side = new Option("--image-size <s,…>", SIDES).argParser(sidesOf);
  withExamples(withJson(withEngine(withConvention(withWeights(command, side)))), [
    ["deit eval runs/digits-0 digits", "the test images, by the mean of both heads"],
    ["deit eval runs/digits-0 digits:train --head class", "the training images, by the class head"],
    ["deit eval runs/digits-0 digits --ema", "the moving average of the weights"],
    ["deit eval deit_tiny.safetensors val.tar", "photographs, one sub-folder a class"],
    ["deit eval deit_tiny.safetensors val.tar --image-size 160,224,288,384", "at other resolutions, without training"],
    ["deit eval deit_tiny.safetensors val.tar --image-size 384 --positions bilinear", "with positions resized in another way"],
    ["deit eval hash:7 synthetic:4 --model deit-tiny", "random weights"],
  ]).action(run);
}
