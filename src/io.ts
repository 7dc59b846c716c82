/** Entry point `deit/io`: files of tensors. */
export { memoryBytes, type ByteSource } from "./io/byteSource.ts";
export { converted, encoded, isDeit } from "./io/convert.ts";
export type { Conversion, Naming } from "./io/convert.ts";
export { fileBytes } from "./io/fileBytes.ts";
export { huggingFaceNamed, timmNamed, unwrapped, type Tensors } from "./io/names.ts";
export { NpyError, parseNpy, writeNpy } from "./io/npy.ts";
export { parseNpz, writeNpz } from "./io/npz.ts";
export { writeOnnx, type OnnxOptions } from "./io/onnx/write.ts";
export { parsePth, PthError, type Pth } from "./io/pth/pth.ts";
export { stateDictOf } from "./io/pth/stateDict.ts";
export { isA } from "./io/pth/values.ts";
export type { Dict, PthTensor, Value } from "./io/pth/values.ts";
export { numbersOf, openSafetensors, parseSafetensors, readSafetensors, SafetensorsError, writeSafetensors } from "./io/safetensors.ts";
export type { Dtype, Entry, OpenSafetensors, Safetensors, Stored, Writable } from "./io/safetensors.ts";
export { formatRead, formatWritten, readTensorFile } from "./io/tensorFile.ts";
export type { ReadFormat, ReadOptions, WrittenFormat } from "./io/tensorFile.ts";
export { readWeights, WeightsError, weightsIn, writeWeights } from "./io/weights.ts";
export type { Weights, WeightsOptions } from "./io/weights.ts";
