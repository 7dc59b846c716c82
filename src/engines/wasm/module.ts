/** The compiled kernels, without a network: the binary is part of the program as text. */
import type { Exports } from "./generated/exports.ts";

export type { Exports } from "./generated/exports.ts";

/** `debug` checks what it asserts. */
export type Build = "release" | "debug";

const binaryOf = async (build: Build): Promise<string> =>
  build === "debug" ? (await import("./generated/debug.ts")).binary : (await import("./generated/release.ts")).binary;

/** A text of the module's static data: UTF-16, its length in bytes four bytes before it. */
function textAt(memory: WebAssembly.Memory, pointer: number): string {
  const length = new DataView(memory.buffer).getUint32(pointer - 4, true);
  return new TextDecoder("utf-16le").decode(new Uint8Array(memory.buffer, pointer, length));
}

const isExports = (exports: object): exports is Exports => "matmul" in exports;

/** The kernels on a memory of the caller's. */
export async function load(build: Build, memory: WebAssembly.Memory): Promise<Exports> {
  const bytes = Uint8Array.from(atob(await binaryOf(build)), (character) => character.charCodeAt(0));
  const abort = (message: number, file: number, line: number): never => {
    throw new Error(`wasm: ${textAt(memory, message)} (${textAt(memory, file)}:${line})`);
  };
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory, abort } });
  const { exports } = instance;
  if (!isExports(exports)) throw new Error("wasm: the module has no kernels");
  return exports;
}
