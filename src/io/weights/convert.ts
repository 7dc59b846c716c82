/** Converts weights from one kind of file to another. Names, image size and metadata may change; all other numbers stay as they are. */
import { referenceEngine } from "../../engines/reference/engine.ts";
import { checkedConfig, tokenCount, type DeitConfig } from "../../model/config.ts";
import { resizedPositions, type PositionMethod } from "../../model/resizedPositions.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { usualHeads, WeightsError } from "./about.ts";
import { huggingFaceNamed, isHuggingFace, unwrapped, type Tensors } from "./names.ts";
import { writeNpz } from "../numpy/npz.ts";
import { isRegnet, regnetWeights } from "../onnx/regnetFile.ts";
import { writeOnnx } from "../onnx/write.ts";
import { writeRegnetOnnx } from "../onnx/writeRegnet.ts";
import { writeSafetensors, type Safetensors } from "../safetensors/safetensors.ts";
import { numbersOf, type Stored } from "./stored.ts";
import type { WrittenFormat } from "./tensorFile.ts";
import { ABOUT, metadataOf, weightsIn, type Weights } from "./weights.ts";

/** Whose names the parameters get: timm's, which the authors use, or Hugging Face's. */
export type Naming = "timm" | "hf";

/** What a conversion changes; every setting is optional. */
export interface Conversion {
  /** Default: timm. */
  readonly names?: Naming;
  /** In pixels; default: the image size of the file. The position embedding is resized. */
  readonly imageSize?: number;
  /** How the position embedding is resized; default: `bicubic` (E16, E17). */
  readonly positions?: PositionMethod;
  /** The number of heads, if the file does not say; default: width/64. */
  readonly heads?: number;
}

/** A file counts as a DeiT if it has at least two of these, so that a missing tensor is reported as such. */
const MARKS = ["cls_token", "pos_embed", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"];

/** Whether the tensors are those of a DeiT, perhaps an incomplete one. */
export function isDeit(named: Tensors): boolean {
  const tensors = unwrapped(named);
  return isHuggingFace(tensors) || MARKS.filter((name) => tensors.has(name)).length > 1;
}

/** Names and shapes do not depend on the number of heads, so any number will do where it is unknown. */
const ANY = 1;

/** The weights, and whether their number of heads is known. */
function weightsOf(file: Safetensors, heads: number | undefined): readonly [weights: Weights, known: boolean] {
  if (file.metadata.has(ABOUT) || heads !== undefined) return [weightsIn(file, { heads: heads ?? null }), true];
  const weights = weightsIn(file, { heads: ANY });
  const usual = usualHeads(weights.config.width);
  return [{ ...weights, config: { ...weights.config, heads: usual ?? ANY } }, usual !== null];
}

/** The position embedding for another grid, in f64. */
async function resampled(
  pos: Stored,
  from: DeitConfig,
  to: DeitConfig,
  method: PositionMethod | undefined,
): Promise<{ readonly shape: Shape; readonly data: ArrayLike<number> }> {
  const engine = referenceEngine();
  const k = engine.kernels;
  let reading: Promise<ArrayLike<number>> = Promise.resolve([]);
  k.region("convert", () => {
    reading = engine.read(resizedPositions(k, k.upload(pos.shape, numbersOf(pos)), from, to, method));
    return null;
  });
  return { shape: [1, tokenCount(to), to.width], data: await reading };
}

/**
 * The weights for images of another size (deit.md 1.9). An F64 position embedding stays F64; any other becomes F32.
 *
 * @throws RangeError unless the size is a multiple of the patch
 */
async function resizedWeights(weights: Weights, imageSize: number, method: PositionMethod | undefined): Promise<Weights> {
  const { config, tensors } = weights;
  const resized = checkedConfig({ ...config, imageSize });
  const pos = tensors.get("pos_embed");
  if (pos === undefined || imageSize === config.imageSize) return { ...weights, config: resized };
  const { shape, data } = await resampled(pos, config, resized, method);
  const stored: Stored =
    pos.dtype === "F64" ? { dtype: "F64", shape, data: Float64Array.from(data) } : { dtype: "F32", shape, data: Float32Array.from(data) };
  return { ...weights, config: resized, tensors: new Map([...tensors, ["pos_embed", stored]]) };
}

/** Metadata that transformers requires of a safetensors file. */
const TORCH: readonly [string, string] = ["format", "pt"];

/**
 * Converts the tensors and metadata of a file. A DeiT gets the chosen names, in their order, and metadata that describe the model if its number of
 * heads is known. Anything else keeps its names and metadata.
 *
 * @throws WeightsError, RangeError
 */
export async function converted(file: Safetensors, { names, imageSize, positions, heads }: Conversion = {}): Promise<Safetensors> {
  if (!isDeit(file.tensors)) {
    if (names !== undefined || imageSize !== undefined || heads !== undefined)
      throw new WeightsError("weights: these tensors are not a DeiT's, so names, image size and heads cannot be set");
    return file;
  }
  const [read, known] = weightsOf(file, heads);
  const weights = imageSize === undefined ? read : await resizedWeights(read, imageSize, positions);
  const about = known ? metadataOf(weights) : [];
  if (names !== "hf") return { metadata: new Map(about), tensors: weights.tensors };
  return { metadata: new Map([...about, TORCH]), tensors: huggingFaceNamed(weights.tensors) };
}

/**
 * The bytes of a file in the given format; equal arguments give equal bytes. An npz file has no metadata; an ONNX file holds a DeiT or a RegNetY.
 *
 * @throws WeightsError, RangeError, OnnxError
 */
export function encoded(format: WrittenFormat, file: Safetensors): Uint8Array {
  if (format === "safetensors") return writeSafetensors(file.tensors, file.metadata);
  if (format === "npz") return writeNpz(file.tensors);
  if (isDeit(file.tensors)) return writeOnnx(weightsIn(file), { taps: false });
  if (!isRegnet(file)) throw new WeightsError("weights: an .onnx file can hold a DeiT or a RegNetY; these tensors are neither");
  return writeRegnetOnnx(regnetWeights(file));
}
