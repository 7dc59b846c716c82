/** The compiled kernels, without a network: the binary is part of the program as text. */
import { hasRelaxedSimd, hasSimd } from "./features.ts";
import type { Exports } from "./generated/exports.ts";

export type { Exports } from "./generated/exports.ts";

/** `debug` checks what it asserts; `fma` sums products with relaxed SIMD's fused multiply–add. */
export type Build = "release" | "debug" | "fma";

async function binaryOf(build: Build): Promise<string> {
  if (build === "debug") return (await import("./generated/debug.ts")).binary;
  if (build === "fma") return (await import("./generated/fma.ts")).binary;
  return (await import("./generated/release.ts")).binary;
}

/** A text of the module's static data: UTF-16, its length in bytes four bytes before it. */
function textAt(memory: WebAssembly.Memory, pointer: number): string {
  const length = new DataView(memory.buffer).getUint32(pointer - 4, true);
  return new TextDecoder("utf-16le").decode(new Uint8Array(memory.buffer, pointer, length));
}

const isExports = (exports: object): exports is Exports => "matmul" in exports;

/**
 * The kernels on a memory of the caller's.
 *
 * @throws RangeError where the host lacks what the build needs
 */
export async function load(build: Build, memory: WebAssembly.Memory): Promise<Exports> {
  if (!hasSimd()) throw new RangeError("wasm: this host has no SIMD");
  if (build === "fma" && !hasRelaxedSimd()) throw new RangeError("wasm: this host has no relaxed SIMD, which the build fma needs");
  const bytes = Uint8Array.from(atob(await binaryOf(build)), (character) => character.charCodeAt(0));
  const abort = (message: number, file: number, line: number): never => {
    throw new Error(`wasm: ${textAt(memory, message)} (${textAt(memory, file)}:${line})`);
  };
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory, abort } });
  const { exports } = instance;
  if (!isExports(exports)) throw new Error("wasm: the module has no kernels");
  return exports;
}
