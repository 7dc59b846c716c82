/** The compiled kernels. Their binary is part of the program as text, so that nothing is loaded over a network. */
import { hasRelaxedSimd, hasSimd } from "./features.ts";
import type { Exports } from "./generated/exports.ts";

export type { Exports } from "./generated/exports.ts";

/** `debug` checks assertions; `fma` multiplies matrices with the fused multiply–add of relaxed SIMD. */
export type Build = "release" | "debug" | "fma";

async function binaryOf(build: Build): Promise<string> {
  if (build === "debug") return (await import("./generated/debug.ts")).binary;
  if (build === "fma") return (await import("./generated/fma.ts")).binary;
  return (await import("./generated/release.ts")).binary;
}

/** Reads a string of the module's static data: UTF-16, with its length in bytes in the four bytes before it. */
function textAt(memory: WebAssembly.Memory, pointer: number): string {
  const length = new DataView(memory.buffer).getUint32(pointer - 4, true);
  return new TextDecoder("utf-16le").decode(memory.buffer.slice(pointer, pointer + length));
}

const isExports = (exports: object): exports is Exports => "matmul" in exports;

/** The maximum of a module's memory: all that a 32-bit address reaches, in pages of 64 KiB. */
export const MOST_PAGES = 65_536;

/** Bytes of the module's memory import: lengths and names of "env" and "memory", then the kind. Flags follow; bit 1 stands for a shared memory. */
const MEMORY_IMPORT = "\x03env\x06memory\x02";
const SHARED = 2;

/** Makes the module import a shared memory. */
function shareMemory(binary: Uint8Array): void {
  const name = Array.from(MEMORY_IMPORT, (character) => character.charCodeAt(0));
  const at = binary.findIndex((_, i) => name.every((byte, j) => binary[i + j] === byte)) + name.length;
  binary[at] = (binary[at] ?? 0) | SHARED;
}

/** The bytes of a build, whose text is base64 of what `deflate` has made of them. */
async function bytesOf(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(await binaryOf(build)), (character) => character.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

async function compile(build: Build, shared: boolean): Promise<WebAssembly.Module> {
  const binary = await bytesOf(build);
  if (shared) shareMemory(binary);
  return WebAssembly.compile(binary);
}

/**
 * The compiled module; each build is compiled once.
 *
 * @throws RangeError where the host lacks what the build needs
 */
export async function moduleOf(build: Build, shared = false): Promise<WebAssembly.Module> {
  if (!hasSimd()) throw new RangeError("wasm: this host has no SIMD");
  if (build === "fma" && !hasRelaxedSimd()) throw new RangeError("wasm: this host has no relaxed SIMD, which the build fma needs");
  const key = `${build} ${shared}`;
  const known = compiled.get(key) ?? compile(build, shared);
  compiled.set(key, known);
  return known;
}

/** The kernels of a module on a memory that the caller provides. */
export function kernelsOn(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  const abort = (message: number, file: number, line: number): never => {
    throw new Error(`wasm: ${textAt(memory, message)} (${textAt(memory, file)}:${line})`);
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  if (!isExports(exports)) throw new Error("wasm: the module has no kernels");
  return exports;
}

/** The kernels of a build on the caller's memory, which must not be shared and must have the maximum `MOST_PAGES`. */
export const load = async (build: Build, memory: WebAssembly.Memory): Promise<Exports> => kernelsOn(await moduleOf(build), memory);
