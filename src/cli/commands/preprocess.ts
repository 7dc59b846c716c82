/** `deit preprocess`: writes an image file as a network sees it, for numpy. */
import { IMAGENET } from "../../data/normalise.ts";
import { Option, type Command } from "commander";
import { imageAt } from "../../data/images/file.ts";
import { geometryOf, preprocess } from "../../data/images/preprocess.ts";
import { withConvention, type ImageOptions } from "../inputs/imageOptions.ts";
import { positive, withExamples, withJson, type JsonOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { writeOutput } from "../outputPath.ts";
import { npzOf } from "../pixelFiles.ts";

interface PreprocessOptions extends ImageOptions, JsonOption {}

/** The side of the published models' images, in pixels. */
const SIDE = 224;

async function run(path: string, out: string, { imageSize: S = SIDE, convention, json }: PreprocessOptions): Promise<void> {
  if (!out.endsWith(".npz")) throw new RangeError(`${out}: the file to write must be called NAME.npz`);
  const image = await imageAt(path);
  const { resized, crop } = geometryOf(image, S, convention);
  const pixels = preprocess(image, S, convention);
  writeOutput(out, npzOf(pixels, IMAGENET));
  const from = [image.width, image.height];
  const to = [resized.width, resized.height];
  if (json === true) return printJson({ file: path, out, size: from, resized: to, crop: [crop.left, crop.top], imageSize: S, convention });
  print(`${path}: ${from.join("×")} pixels, resized to ${to.join("×")}, cropped to ${S}×${S} at (${crop.left}, ${crop.top}): ${out}`);
}

export function addPreprocess(program: Command): void {
  const command = program
    .command("preprocess")
    .description(
      "write an image as a network sees it: pixels (U8, H,W,3) and normalised tensor (F32, 3,H,W), as from Pillow and torchvision",
    )
    .argument("<image>", "a JPEG, PNG or WebP file")
    .argument("<out.npz>", "the file to write")
    .addOption(new Option("--image-size <s>", "side of the crop in pixels (default: 224)").argParser(positive));
  withExamples(withJson(withConvention(command)), [
    ["deit preprocess cat.jpg cat.npz", "the authors' evaluation crop: 224 of 256"],
    ["deit preprocess cat.jpg cat.npz --image-size 384 --convention timm-384", "timm's for models at 384"],
    ["deit preprocess cat.jpg cat.npz --convention hf", "Hugging Face's: a square of 256, its middle 224"],
  ]).action(run);
}
