/** Relaxed SIMD where this host has it: Node 20 behind a flag, later ones without. */
import { setFlagsFromString } from "node:v8";
import { hasRelaxedSimd } from "../../src/engines/wasm/features.ts";

if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");

export const relaxedSimd: boolean = hasRelaxedSimd();
