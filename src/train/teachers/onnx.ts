/** A classifier in an ONNX file as a teacher: images are read from the engine, the network runs on the host, and its logits are uploaded. */
import { statSync } from "node:fs";
import { fileBytes } from "../../io/disk/fileBytes.ts";
import { onnxMetadata } from "../../io/onnx/about.ts";
import { REGNET, regnetAbout } from "../../io/onnx/regnetFile.ts";
import { aboutOfText } from "../../io/weights/about.ts";
import { ABOUT } from "../../io/weights/weights.ts";
import { onnxRuntime, type OnnxRuntime, type OnnxSession } from "./onnxRuntime.ts";
import type { About } from "./network.ts";

/** What the student's images and classes are. */
export interface OnnxShape {
  /** C */
  readonly channels: number;
  /** K */
  readonly classes: number;
}

/** An opened file. */
export interface OnnxClassifier extends Pick<About, "normalisation"> {
  /** The side of its images, in pixels. */
  readonly side: number;
  /** The number of images that the file fixes; null: any. */
  readonly batch: number | null;
  /** Images [B, C, S, S] of any B, row-major, → logits [B, K]. */
  readonly predict: (images: Float32Array, shape: readonly number[]) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
}

/** Of several outputs, the one that has this name is taken, as in this project's files of a DeiT with two heads. */
const LOGITS = "logits";

/** The one tensor of a list. @throws RangeError for none, several, or something else than f32 */
function theOne(values: OnnxSession["inputMetadata"], what: "input" | "output"): OnnxSession["inputMetadata"][number] {
  const [value, ...more] = values.length > 1 && what === "output" ? values.filter(({ name }) => name === LOGITS) : values;
  if (value === undefined || more.length > 0) {
    const names = values.map(({ name }) => name).join(", ");
    const wanted = what === "input" ? "one input" : `one output, or one called ${LOGITS}`;
    throw new RangeError(`a classifier has ${wanted}, but this model has ${values.length}${names === "" ? "" : `: ${names}`}`);
  }
  if (!value.isTensor || value.type !== "float32")
    throw new RangeError(`the ${what} ${value.name} must be a tensor of float32, got ${value.type ?? "another kind of value"}`);
  return value;
}

/** A length that the file fixes; null: it does not. */
const fixed = (length: number | string | undefined): number | null => (typeof length === "number" && length > 0 ? length : null);

const shown = (shape: readonly (number | string)[]): string => `[${shape.map((length) => (length === "" ? "?" : length)).join(", ")}]`;

/** What the input says about the images. @throws RangeError unless they are square images of the student's channels */
function imagesOf(
  { name, shape = [] }: OnnxSession["inputMetadata"][number],
  { channels }: OnnxShape,
): { readonly batch: number | null; readonly side: number | null } {
  if (shape.length === 0) return { batch: null, side: null };
  const wanted = `must be images [B, ${channels}, S, S]`;
  const [B, C, H, W] = shape.map(fixed);
  if (shape.length !== 4 || (C ?? channels) !== channels) throw new RangeError(`the input ${name} ${wanted}, got ${shown(shape)}`);
  const [rows = null, columns = null] = [H, W];
  if (rows !== null && columns !== null && rows !== columns) throw new RangeError(`the input ${name} ${wanted}, got ${shown(shape)}`);
  return { batch: B ?? null, side: rows ?? columns };
}

/** What this project's own files say besides. */
function aboutOf(path: string): About {
  const file = fileBytes(path);
  const metadata = onnxMetadata(file.read(0, file.size));
  const [deit, regnet] = [metadata.get(ABOUT), metadata.get(REGNET)];
  if (deit !== undefined) {
    const { model, preprocessing } = aboutOfText(deit);
    return { side: model.imageSize, normalisation: preprocessing };
  }
  if (regnet === undefined) return { side: null, normalisation: null };
  const { imageSize: side, preprocessing: normalisation } = regnetAbout(regnet);
  return { side, normalisation };
}

/** Runs a session on as many images as its file takes at a time; a last incomplete piece is filled up with zeros. */
function predictBy(
  { Tensor }: OnnxRuntime,
  session: OnnxSession,
  names: { readonly input: string; readonly output: string },
  batch: number | null,
  classes: number,
): OnnxClassifier["predict"] {
  const run = async (images: Float32Array, shape: readonly number[]): Promise<Float32Array> => {
    const { [names.output]: out } = await session.run({ [names.input]: new Tensor("float32", images, shape) });
    const [B = 0] = shape;
    if (out === undefined || !(out.data instanceof Float32Array) || out.dims.length !== 2 || out.dims[0] !== B || out.dims[1] !== classes)
      throw new RangeError(
        `the output ${names.output} must be logits [${B}, ${classes}] of float32, got ${shown(out?.dims ?? [])} of ${out?.type ?? "nothing"}`,
      );
    return out.data;
  };
  return async (images, [B = 0, ...rest]) => {
    if (batch === null || batch === B) return run(images, [B, ...rest]);
    const [size, logits] = [images.length / B, new Float32Array(B * classes)];
    for (let first = 0; first < B; first += batch) {
      const count = Math.min(batch, B - first);
      const piece = new Float32Array(batch * size);
      piece.set(images.subarray(first * size, (first + count) * size));
      const found = await run(piece, [batch, ...rest]);
      logits.set(found.subarray(0, count * classes), first * classes);
    }
    return logits;
  };
}

const oneLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n", 1).join("");

/**
 * Opens a file, and tries it on images of zeros.
 *
 * @param sides `given`: the side that its images are to have; null: that of the file, or else `student`
 * @throws RangeError, one line that begins with the path, for a file that is missing or damaged, or no classifier of these images; or if the
 * package onnxruntime-node is missing
 */
export async function openOnnx(
  path: string,
  shape: OnnxShape,
  { given, student }: { readonly given: number | null; readonly student: number },
): Promise<OnnxClassifier> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new RangeError(`${path}: no such file: teacher.onnx takes an .onnx file`);
  const runtime = await onnxRuntime();
  let session: OnnxSession | null = null;
  try {
    const about = aboutOf(path);
    session = await runtime.InferenceSession.create(path, { executionProviders: ["cpu"], logSeverityLevel: 3 });
    const opened = session;
    const [input, output] = [theOne(opened.inputMetadata, "input"), theOne(opened.outputMetadata, "output")];
    const { batch, side: fixedSide } = imagesOf(input, shape);
    const predict = predictBy(runtime, opened, { input: input.name, output: output.name }, batch, shape.classes);
    if (fixedSide !== null && given !== null && fixedSide !== given)
      throw new RangeError(`the model takes images of ${fixedSide} × ${fixedSide} only, and teacher.image_size is ${given}`);
    const side = fixedSide ?? given ?? about.side ?? student;
    const B = batch ?? 2; // a file that takes one image only, although it fixes no number, fails here
    await predict(new Float32Array(B * shape.channels * side ** 2), [B, shape.channels, side, side]);
    return { normalisation: about.normalisation, side, batch, predict, release: () => opened.release() };
  } catch (error) {
    await session?.release();
    throw new RangeError(`${path}: ${oneLine(error)}`, { cause: error });
  }
}
