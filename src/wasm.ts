/** Entry point `deit/wasm`: the SIMD engine, for Node and browsers. It loads no file and uses no network. */
export { wasmEngine, type WasmOptions } from "./engines/wasm/engine.ts";
