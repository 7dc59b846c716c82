/** Entry point `deit/io`: files of tensors. The formats that need a package are in `deit/formats`. */
export { memoryBytes, type ByteSource } from "./io/disk/byteSource.ts";
export { fileBytes } from "./io/disk/fileBytes.ts";
export { huggingFaceNamed, timmNamed, unwrapped, type Tensors } from "./io/weights/names.ts";
export { NpyError, parseNpy, writeNpy } from "./io/numpy/npy.ts";
export {
  numbersOf,
  openSafetensors,
  parseSafetensors,
  readSafetensors,
  SafetensorsError,
  safetensorsPieces,
  writeSafetensors,
} from "./io/safetensors/safetensors.ts";
export type { Dtype, Entry, OpenSafetensors, Planned, Safetensors, Stored, TensorOf, Writable } from "./io/safetensors/safetensors.ts";
export { saveSafetensors } from "./io/safetensors/save.ts";
export { saveRecording } from "./recording/format/save.ts";
export { readWeights, WeightsError, weightsIn, writeWeights } from "./io/weights/weights.ts";
export type { Weights, WeightsOptions } from "./io/weights/weights.ts";
