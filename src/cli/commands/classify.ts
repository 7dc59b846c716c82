/** `deit classify`: the most probable classes of image files. */
import type { Command } from "commander";
import { imageAt } from "../../data/images/file.ts";
import type { Pixels } from "../../data/pixels/pixels.ts";
import { normalisedTensor, preprocess } from "../../data/images/preprocess.ts";
import { imageWith } from "../../data/sources/channels.ts";
import { checkedNormalisation } from "../../data/normalise.ts";
import { classify, type Classified } from "../../train/evaluation/classify.ts";
import { classNames, type ClassName } from "../inputs/classNames.ts";
import { engineOf } from "../engine.ts";
import { withConvention, type ImageOptions } from "../inputs/imageOptions.ts";
import { withEngine, withExamples, withJson, type EngineOptions, type JsonOption } from "../options.ts";
import { percent, print, printJson, showForNow, table } from "../output.ts";
import { weightedModel, type WeightsOptions } from "../inputs/weights.ts";
import { WEIGHTS, withWeights } from "../inputs/weightsOptions.ts";

interface ClassifyOptions extends EngineOptions, JsonOption, WeightsOptions, ImageOptions {
  readonly weights: string;
}

const PLACES = 5;
interface Cropped {
  readonly file: string;
  /** [S, S, C] */
  readonly pixels: Pixels;
}

interface Named extends Classified {
  readonly file: string;
}

const imageJson = ({ file, logits, top }: Named, names: readonly ClassName[]): object => ({
  file,
  logits,
  top5: top.map(({ index, probability }) => ({ index, ...names[index], probability })),
});

function printImage({ file, top }: Named, names: readonly ClassName[]): void {
  const rows = top.map(({ index, probability }) => {
    const { label, synset } = names[index] ?? { label: `${index}` };
    return [`  ${percent(probability)}`, `${index}`, label, synset ?? ""];
  });
  print(file);
  for (const line of table(rows, ["right", "right", "left", "left"])) print(line);
}

async function run(files: readonly string[], options: ClassifyOptions): Promise<void> {
  const engine = await engineOf(options);
  const { config, preprocessing, classes, upload } = weightedModel(options.weights, options);
  const { imageSize: S, channels } = config;
  const normalisation = checkedNormalisation(preprocessing, channels);
  const names = classNames(classes, config.classes);
  const crops: Cropped[] = []; // reads all files first, so that an unreadable one is noticed before any is classified
  for (const file of files) crops.push({ file, pixels: preprocess(imageWith(await imageAt(file), channels, file), S, options.convention) });
  const params = upload(engine.kernels);
  const images: Named[] = [];
  for (const { file, pixels } of crops) {
    showForNow(`${images.length + 1} of ${files.length}: ${file}`);
    const batch = { shape: [1, channels, S, S], data: Float64Array.from(normalisedTensor(pixels, normalisation)) };
    const found = await classify(engine, { config, params }, batch, PLACES);
    images.push(...found.map((classified) => ({ file, ...classified })));
  }
  showForNow("");
  if (options.json === true) return printJson({ images: images.map((image) => imageJson(image, names)) });
  for (const image of images) printImage(image, names);
}

export function addClassify(program: Command): void {
  const command = program
    .command("classify")
    .description("classify images: the five most probable classes of each")
    .argument("<image...>", "JPEG, PNG or WebP files")
    .requiredOption("--weights <weights>", WEIGHTS);
  withExamples(withJson(withEngine(withConvention(withWeights(command)))), [
    ["deit classify cat.jpg --weights deit_tiny.safetensors", "with ImageNet's labels if there are 1000 classes"],
    ["deit classify *.jpg --weights hash:11 --model deit-tiny-distilled --json", "all logits, for a script"],
    ["deit classify cat.jpg --weights deit_small.safetensors --convention timm", "cropped as for timm's published accuracies"],
  ]).action(run);
}
