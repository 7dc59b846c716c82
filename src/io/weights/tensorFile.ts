/** Files of tensors by their endings: what is read, and what is written. */
import { WeightsError } from "./about.ts";
import type { ByteSource } from "../disk/byteSource.ts";
import { parseNpz } from "../numpy/npz.ts";
import { parsePth } from "../pth/pth.ts";
import { stateDictOf } from "../pth/stateDict.ts";
import { readSafetensors, type Safetensors } from "../safetensors/safetensors.ts";

/** `.pt` and `.bin` are other endings of torch.save's files. */
const READ = { ".safetensors": "safetensors", ".npz": "npz", ".pth": "pth", ".pt": "pth", ".bin": "pth" } as const;
const WRITTEN = { ".safetensors": "safetensors", ".npz": "npz", ".onnx": "onnx" } as const;

/** Files of tensors that can be read. */
export type ReadFormat = (typeof READ)[keyof typeof READ];
/** Files of tensors that can be written. */
export type WrittenFormat = (typeof WRITTEN)[keyof typeof WRITTEN];

function formatOf<F>(formats: Readonly<Record<string, F>>, path: string, what: string): F {
  const [, found] = Object.entries(formats).find(([ending]) => path.toLowerCase().endsWith(ending)) ?? [];
  if (found === undefined) throw new RangeError(`${path}: ${what} must end in ${Object.keys(formats).join(", ")}`);
  return found;
}

/** @throws RangeError for another ending */
export const formatRead = (path: string): ReadFormat => formatOf<ReadFormat>(READ, path, "a file of tensors to be read");

/** @throws RangeError for another ending */
export const formatWritten = (path: string): WrittenFormat => formatOf<WrittenFormat>(WRITTEN, path, "a file to be written");

/** Which tensors of a file are meant. */
export interface ReadOptions {
  /** Of a training checkpoint, the moving average of its model. */
  readonly average?: boolean;
}

/**
 * The tensors of a file, and its text table if it has one.
 *
 * @throws SafetensorsError, NpyError, PthError, WeightsError
 */
export function readTensorFile(format: ReadFormat, source: ByteSource, { average = false }: ReadOptions = {}): Safetensors {
  if (format === "pth") return { metadata: new Map(), tensors: stateDictOf(parsePth(source.read(0, source.size)), average) };
  if (average) throw new WeightsError(`weights: a moving average is in training checkpoints (.pth) only, not in ${format} files`);
  return format === "safetensors" ? readSafetensors(source) : { metadata: new Map(), tensors: parseNpz(source.read(0, source.size)) };
}
