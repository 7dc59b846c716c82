/** Chooses the format of a file of tensors by its ending. */
import { WeightsError } from "./about.ts";
import type { ByteSource } from "../disk/byteSource.ts";
import { parseNpz } from "../numpy/npz.ts";
import { parsePth } from "../pth/pth.ts";
import { stateDictOf } from "../pth/stateDict.ts";
import { readSafetensors, type Safetensors } from "../safetensors/safetensors.ts";

/** `.pt` and `.bin` are other endings for files of torch.save. */
const READ = { ".safetensors": "safetensors", ".npz": "npz", ".pth": "pth", ".pt": "pth", ".bin": "pth" } as const;
const WRITTEN = { ".safetensors": "safetensors", ".npz": "npz", ".onnx": "onnx" } as const;

/** Formats that can be read. */
export type ReadFormat = (typeof READ)[keyof typeof READ];
/** Formats that can be written. */
export type WrittenFormat = (typeof WRITTEN)[keyof typeof WRITTEN];

function formatOf<F>(formats: Readonly<Record<string, F>>, path: string, what: string): F {
  const [, found] = Object.entries(formats).find(([ending]) => path.toLowerCase().endsWith(ending)) ?? [];
  if (found === undefined) throw new RangeError(`${path}: ${what} must end in ${Object.keys(formats).join(", ")}`);
  return found;
}

/** The format of a file to read. @throws RangeError for another ending */
export const formatRead = (path: string): ReadFormat => formatOf<ReadFormat>(READ, path, "a file of tensors to be read");

/** The format of a file to write. @throws RangeError for another ending */
export const formatWritten = (path: string): WrittenFormat => formatOf<WrittenFormat>(WRITTEN, path, "a file to be written");

/** Which tensors of a file to read. */
export interface ReadOptions {
  /** Whether to read the moving average of the model in a training checkpoint. */
  readonly average?: boolean;
}

/**
 * The tensors of a file, and its metadata if it has any.
 *
 * @throws SafetensorsError, NpyError, PthError, WeightsError
 */
export function readTensorFile(format: ReadFormat, source: ByteSource, { average = false }: ReadOptions = {}): Safetensors {
  if (format === "pth") return { metadata: new Map(), tensors: stateDictOf(parsePth(source.read(0, source.size)), average) };
  if (average)
    throw new WeightsError(`weights: a moving average is in a run's folder or a training checkpoint (.pth), not in ${format} files`);
  return format === "safetensors" ? readSafetensors(source) : { metadata: new Map(), tensors: parseNpz(source.read(0, source.size)) };
}
