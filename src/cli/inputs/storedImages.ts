/** Reads a batch of images from a file of tensors. */
import { hostArray, type HostArray } from "../../check/host.ts";
import { fileBytes } from "../../io/disk/fileBytes.ts";
import { parseNpy } from "../../io/numpy/npy.ts";
import { numbersOf, type Stored } from "../../io/safetensors/safetensors.ts";
import { formatRead, readTensorFile } from "../../io/weights/tensorFile.ts";
import { show } from "../../tensor/tensor.ts";
import { aboutFile } from "./aboutFile.ts";

/** Names that the tensor may have; `deit preprocess` writes `tensor`. */
const NAMES = ["images", "tensor"];

function tensorsAt(path: string): ReadonlyMap<string, Stored> {
  if (!path.endsWith(".npy")) return readTensorFile(formatRead(path), fileBytes(path)).tensors;
  const source = fileBytes(path);
  return new Map([["images", parseNpy(source.read(0, source.size))]]);
}

/**
 * Normalised images, [B, C, S, S]; a single image [C, S, S] is a batch of one.
 *
 * @throws RangeError for a file that cannot be read or has no such tensor
 */
export function imagesAt(path: string): HostArray {
  let tensors: ReadonlyMap<string, Stored>;
  try {
    tensors = tensorsAt(path);
  } catch (error) {
    throw aboutFile(path, error);
  }
  const name = NAMES.find((candidate) => tensors.has(candidate));
  const stored = name === undefined ? undefined : tensors.get(name);
  if (stored === undefined)
    throw new RangeError(`${path}: it must have a tensor called images; there are ${[...tensors.keys()].slice(0, 4).join(", ")}`);
  const { shape } = stored;
  if (shape.length !== 3 && shape.length !== 4) throw new RangeError(`${path}: images must be [B, C, S, S], got ${show(shape)}`);
  return hostArray(shape.length === 3 ? [1, ...shape] : shape, numbersOf(stored));
}
