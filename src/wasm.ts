/** Entry point `deit/wasm`: the SIMD engine. In Node and in browsers, with no file or network to load. */
export { wasmEngine, type WasmOptions } from "./engines/wasm/engine.ts";
