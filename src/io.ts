/** Entry point `deit/io`: files of tensors. */
export { NpyError, parseNpy, writeNpy } from "./io/npy.ts";
export { parseNpz, writeNpz } from "./io/npz.ts";
export { numbersOf, parseSafetensors, SafetensorsError, writeSafetensors } from "./io/safetensors.ts";
export type { Dtype, Safetensors, Stored, Writable } from "./io/safetensors.ts";
