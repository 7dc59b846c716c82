/** Entry point `deit/wasm`: the SIMD engine. In Node and in browsers, with no file or network to load. */
import { abstractEngine } from "./engines/abstract/engine.ts";
import { wasmEngineWith, type WasmOptions } from "./engines/wasm/engine.ts";
import type { Engine } from "./kernels/engine.ts";

export type { WasmOptions } from "./engines/wasm/engine.ts";

/** A new engine with a memory of its own. */
export const wasmEngine = (options?: WasmOptions): Promise<Engine> => wasmEngineWith(abstractEngine, options);
