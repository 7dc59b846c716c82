/** Entry point `deit/io`: files of tensors. */
export { memoryBytes, type ByteSource } from "./io/byteSource.ts";
export { fileBytes } from "./io/fileBytes.ts";
export { NpyError, parseNpy, writeNpy } from "./io/npy.ts";
export { parseNpz, writeNpz } from "./io/npz.ts";
export {
  numbersOf,
  openSafetensors,
  parseSafetensors,
  readSafetensors,
  SafetensorsError,
  safetensorsPieces,
  saveSafetensors,
  writeSafetensors,
} from "./io/safetensors.ts";
export type { Dtype, Entry, OpenSafetensors, Planned, Safetensors, Stored, TensorOf, Writable } from "./io/safetensors.ts";
