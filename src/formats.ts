/** Entry point `deit/formats`: the file formats that need a package. npz and torch.save's files are zip archives (fflate); ONNX is a protocol buffer. */
export { converted, encoded, isDeit } from "./io/weights/convert.ts";
export type { Conversion, Naming } from "./io/weights/convert.ts";
export { parseNpz, writeNpz } from "./io/numpy/npz.ts";
export { writeOnnx, type OnnxOptions } from "./io/onnx/write.ts";
export { parsePth, PthError, type Pth } from "./io/pth/pth.ts";
export { stateDictOf } from "./io/pth/stateDict.ts";
export { isA } from "./io/pth/values.ts";
export type { Dict, PthTensor, Value } from "./io/pth/values.ts";
export { formatRead, formatWritten, readTensorFile } from "./io/weights/tensorFile.ts";
export type { ReadFormat, ReadOptions, WrittenFormat } from "./io/weights/tensorFile.ts";
