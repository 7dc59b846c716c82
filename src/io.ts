/** Entry point `deit/io`: files of tensors. */
export { numbersOf, parseSafetensors, SafetensorsError, writeSafetensors } from "./io/safetensors.ts";
export type { Dtype, Safetensors, Stored, Writable } from "./io/safetensors.ts";
