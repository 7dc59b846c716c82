/** `deit augment`: applies an operation, given draws, or what training would draw to an image; or shows them all. */
import { basename } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { OperationDraw } from "../../data/augment/draw.ts";
import { LARGEST_MAGNITUDE } from "../../data/augment/operation.ts";
import { argumentOf, isSigned, operate, operationNames, operationOf } from "../../data/augment/operations.ts";
import { applyView } from "../../data/augment/view.ts";
import { imageAt } from "../../data/images/file.ts";
import { LARGEST_SIDE } from "../../data/images/preprocess.ts";
import type { Normalisation } from "../../data/normalise.ts";
import type { Pixels } from "../../data/pixels/pixels.ts";
import { plainKernels as kernels } from "../../data/pixels/plain.ts";
import { augmentationPage, augmentationSheet } from "../../inspect/augmentationPage.ts";
import { operationRows, thumbnail, viewPictures } from "../../inspect/augmentations.ts";
import { drawAt, drawnView, keyOfView, operationHint, viewsOf, type Views } from "../inputs/views.ts";
import { natural, positiveUpTo, withExamples, withJson, type JsonOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { checkWritable, writeOutput } from "../outputPath.ts";
import { inColour, npzOf, pngFile } from "../pixelFiles.ts";

interface AugmentOptions extends JsonOption {
  readonly op?: string;
  readonly magnitude?: number;
  readonly sign?: "1" | "-1";
  readonly draws?: string;
  readonly imageSize?: number;
  readonly recipe?: string;
  readonly seed?: number;
  readonly epoch?: number;
  readonly sample?: number;
  readonly count?: number;
}

/** The side of the published models' images, in pixels. */
const SIDE = 224;
/** Draws that are printed at once: half a gigabyte of text, the longest that there can be, holds about so many. */
const MOST_DRAWS = 1_000_000;
/** Views on the page. */
const SHOWN = 32;

/** @throws RangeError unless the file to write has one of these endings */
function checkEnding(out: string | undefined, ...endings: readonly string[]): string {
  const names = endings.map((ending) => `NAME${ending}`).join(" or ");
  if (out === undefined) throw new RangeError(`which file to write? give ${names} after the image`);
  if (!endings.some((ending) => out.endsWith(ending))) throw new RangeError(`${out}: the file to write must be called ${names}`);
  checkWritable(out);
  return out;
}

const writePixels = (out: string, pixels: Pixels, normalisation: Normalisation): void =>
  writeOutput(out, out.endsWith(".npz") ? npzOf(pixels, normalisation) : pngFile(pixels));

/** @throws RangeError for an unknown name, or a magnitude that is missing */
function drawOf(op: string, { magnitude, sign = "1" }: AugmentOptions): OperationDraw {
  if (!operationNames.some((name) => name === op)) throw new RangeError(`--op ${op}: there is no such operation; ${operationHint(op)}`);
  if (magnitude === undefined && operationOf(op).argument !== null)
    throw new RangeError(`--op ${op} needs --magnitude, from 0 to ${LARGEST_MAGNITUDE}`);
  return { op, magnitude: magnitude ?? 0, sign: isSigned(op) ? (sign === "1" ? 1 : -1) : 0, applied: true };
}

/** One operation on the whole image. */
async function runOperation(path: string, to: string | undefined, op: string, options: AugmentOptions): Promise<void> {
  const draw = drawOf(op, options);
  const out = checkEnding(to, ".png");
  const image = operate(kernels, await imageAt(path), draw);
  const argument = argumentOf(draw);
  writeOutput(out, pngFile(image));
  if (options.json === true) return printJson({ file: path, out, ...draw, argument, size: [image.width, image.height] });
  print(`${path}: ${op}${argument === null ? "" : ` with the argument ${argument}`}: ${out}`);
}

/** An image with as many channels as the views have. */
function imageOf({ channels }: Views, image: Pixels): Pixels {
  if (channels === image.channels) return image;
  const { data } = kernels.grey(image);
  return { ...image, data: data.filter((_, i) => i % image.channels === 0), channels };
}

/** The draw of a file. */
async function runDraws(path: string, to: string | undefined, draws: string, options: AugmentOptions): Promise<void> {
  const { recipe, imageSize = SIDE, json } = options;
  const out = checkEnding(to, ".npz", ".png");
  const views = viewsOf(recipe, undefined, imageSize);
  const { S, normalisation } = views;
  const image = imageOf(views, await imageAt(path));
  writePixels(out, applyView(kernels, image, drawAt(draws, image, S), S), normalisation);
  if (json === true) return printJson({ file: path, out, draws, imageSize: S });
  print(`${path}: ${draws}, ${S}×${S} pixels: ${out}`);
}

/** What training would draw. */
async function runRecipe(path: string, to: string | undefined, options: AugmentOptions): Promise<void> {
  const { recipe, seed, epoch = 0, sample = 0, count, imageSize = SIDE } = options;
  if (to !== undefined && count !== undefined) throw new RangeError(`--count prints draws and writes no file; leave out ${to}`);
  const out = count === undefined ? checkEnding(to, ".npz", ".png") : "";
  const views = viewsOf(recipe, seed, imageSize);
  const image = imageOf(views, await imageAt(path));
  if (count !== undefined) return printJson({ draws: Array.from({ length: count }, (_, i) => drawnView(views, image, epoch, sample + i)) });
  const draw = drawnView(views, image, epoch, sample);
  writePixels(out, applyView(kernels, image, draw, views.S), views.normalisation);
  printJson(draw);
}

/** The page of pictures, or the sheet of them. */
async function runPage(path: string, to: string | undefined, options: AugmentOptions): Promise<void> {
  const { recipe, seed, epoch = 0, sample = 0, imageSize = SIDE, json } = options;
  const out = checkEnding(to, ".html", ".png");
  const views = viewsOf(recipe, seed, imageSize);
  const picture = await imageAt(path);
  const image = imageOf(views, picture);
  const drawn = Array.from({ length: SHOWN }, (_, i) => ({
    key: keyOfView(views, epoch, sample + i),
    draw: drawnView(views, image, epoch, sample + i),
  }));
  const pictures = {
    name: basename(path),
    image: thumbnail(kernels, picture),
    operations: operationRows(kernels, picture),
    recipe: views.name,
    views: viewPictures(kernels, image, drawn, { ...views, coloured: inColour }),
  };
  writeOutput(out, out.endsWith(".html") ? augmentationPage(pictures) : pngFile(augmentationSheet(pictures)));
  if (json === true) return printJson({ file: path, out, operations: pictures.operations.map(({ op }) => op), views: SHOWN });
  print(`${path}: ${pictures.operations.length} operations, ${SHOWN} views of ${views.name}: ${out}`);
}

async function run(path: string, to: string | undefined, options: AugmentOptions): Promise<void> {
  const { op, draws, magnitude, sign, recipe, seed, epoch, sample, count } = options;
  if (op === undefined && (magnitude !== undefined || sign !== undefined))
    throw new RangeError("--magnitude and --sign go with --op NAME, which names the operation");
  if (op !== undefined) return runOperation(path, to, op, options);
  if (draws !== undefined) return runDraws(path, to, draws, options);
  const isDrawn = [recipe, seed, epoch, sample, count].some((value) => value !== undefined);
  if (isDrawn && to?.endsWith(".html") !== true) return runRecipe(path, to, options);
  return runPage(path, to, options);
}

/** @throws InvalidArgumentError, which commander turns into the command's one line */
function magnitudeOf(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= LARGEST_MAGNITUDE))
    throw new InvalidArgumentError(`It must be a number from 0 to ${LARGEST_MAGNITUDE}.`);
  return value;
}

export function addAugment(program: Command): void {
  const ofDrawing = ["seed", "epoch", "sample", "count"];
  const command = program
    .command("augment")
    .description("augment an image exactly as timm does on Pillow: by one operation, by given draws, or by those that training would make")
    .argument("<image>", "a JPEG, PNG or WebP file")
    .argument("[out]", "the file to write: .png, .npz (pixels U8 [S, S, C] and normalised tensor F32 [C, S, S], before erasing) or .html")
    .addOption(
      new Option("--op <name>", "one operation under timm's name, on the whole image").conflicts([
        "draws",
        "imageSize",
        "recipe",
        ...ofDrawing,
      ]),
    )
    .addOption(new Option("--magnitude <m>", "of the operation, from 0 to 10").argParser(magnitudeOf))
    .addOption(new Option("--sign <sign>", "of the operation; one without a sign ignores it (default: 1)").choices(["1", "-1"]))
    .addOption(new Option("--draws <file.json>", "the draws to apply, in the form in which --recipe prints them").conflicts(ofDrawing))
    .addOption(
      new Option("--image-size <s>", "side of the view in pixels, unless a recipe says it (default: 224)")
        .argParser(positiveUpTo(LARGEST_SIDE))
        .conflicts("recipe"),
    )
    .addOption(
      new Option(
        "--recipe <recipe>",
        "a recipe whose draws to make and print, or whose size, channels and normalisation --draws gets (default: DeiT-B's)",
      ),
    )
    .addOption(new Option("--seed <n>", "the seed of the run (default: the recipe's, or 0)").argParser(natural))
    .addOption(new Option("--epoch <n>", "the epoch (default: 0)").argParser(natural))
    .addOption(new Option("--sample <n>", "the index of the image in its set (default: 0)").argParser(natural))
    .addOption(
      new Option("--count <k>", "print the draws of this many following samples, and write nothing").argParser(positiveUpTo(MOST_DRAWS)),
    );
  withExamples(withJson(command), [
    ["deit augment cat.jpg page.html", "every operation, and what DeiT-B would train on"],
    ["deit augment cat.jpg out.png --op Rotate --magnitude 9 --sign -1", "one operation"],
    ["deit augment cat.jpg out.npz --recipe digits --epoch 3 --sample 17", "a view of training; its draws are printed"],
    ["deit augment cat.jpg out.npz --draws draws.json", "given draws"],
    ["deit augment cat.jpg --count 100 --json", "the draws of 100 samples"],
  ]).action(run);
}
