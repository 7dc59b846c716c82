/** Entry point `deit/io`: files of tensors. What needs a package to be read or written is in `deit/formats`. */
export { memoryBytes, type ByteSource } from "./io/byteSource.ts";
export { fileBytes } from "./io/fileBytes.ts";
export { huggingFaceNamed, timmNamed, unwrapped, type Tensors } from "./io/names.ts";
export { NpyError, parseNpy, writeNpy } from "./io/npy.ts";
export {
  numbersOf,
  openSafetensors,
  parseSafetensors,
  readSafetensors,
  SafetensorsError,
  safetensorsPieces,
  writeSafetensors,
} from "./io/safetensors.ts";
export type { Dtype, Entry, OpenSafetensors, Planned, Safetensors, Stored, TensorOf, Writable } from "./io/safetensors.ts";
export { saveSafetensors } from "./io/safetensorsSave.ts";
export { saveRecording } from "./recording/save.ts";
export { readWeights, WeightsError, weightsIn, writeWeights } from "./io/weights.ts";
export type { Weights, WeightsOptions } from "./io/weights.ts";
