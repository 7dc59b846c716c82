/** A batch of images as numbers, from a file of tensors. */
import { readFileSync } from "node:fs";
import { hostArray, type HostArray } from "../check/host.ts";
import { parseNpy } from "../io/npy.ts";
import { parseNpz } from "../io/npz.ts";
import { numbersOf, parseSafetensors, type Stored } from "../io/safetensors.ts";
import { show } from "../tensor/tensor.ts";

/** The tensor of that name, `images` or, as `deit preprocess` writes it, `tensor`. */
const NAMES = ["images", "tensor"];

function tensorsAt(path: string): ReadonlyMap<string, Stored> {
  const bytes = readFileSync(path);
  if (path.endsWith(".npy")) return new Map([["images", parseNpy(bytes)]]);
  return path.endsWith(".npz") ? parseNpz(bytes) : parseSafetensors(bytes).tensors;
}

/**
 * Normalised images, [B, C, S, S]; one alone, [C, S, S], is a batch of one.
 *
 * @throws RangeError for a file that cannot be read or has no such tensor
 */
export function imagesAt(path: string): HostArray {
  let tensors: ReadonlyMap<string, Stored>;
  try {
    tensors = tensorsAt(path);
  } catch (error) {
    throw new RangeError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const name = NAMES.find((candidate) => tensors.has(candidate));
  const stored = name === undefined ? undefined : tensors.get(name);
  if (stored === undefined) throw new RangeError(`${path}: no tensor images; there are ${[...tensors.keys()].slice(0, 4).join(", ")}`);
  const { shape } = stored;
  if (shape.length !== 3 && shape.length !== 4) throw new RangeError(`${path}: images must be [B, C, S, S], got ${show(shape)}`);
  return hostArray(shape.length === 3 ? [1, ...shape] : shape, numbersOf(stored));
}
