/** Whether this host has relaxed SIMD, which Node 20 has behind a flag and later versions without. */
import { setFlagsFromString } from "node:v8";
import { hasRelaxedSimd } from "../../src/engines/wasm/features.ts";

if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");

export const relaxedSimd: boolean = hasRelaxedSimd();
