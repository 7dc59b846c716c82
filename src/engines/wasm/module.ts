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
  return new TextDecoder("utf-16le").decode(memory.buffer.slice(pointer, pointer + length));
}

const isExports = (exports: object): exports is Exports => "matmul" in exports;

/** All that a 32-bit address reaches, in pages of 64 KiB: the maximum that the modules' memory must have. */
export const MOST_PAGES = 65_536;

/** How the module imports its memory: lengths and names of "env" and "memory", the kind; then flags, of which bit 1 says that it is shared. */
const MEMORY_IMPORT = "\x03env\x06memory\x02";
const SHARED = 2;

/** The same module on a shared memory. */
function onSharedMemory(binary: string): string {
  const at = binary.indexOf(MEMORY_IMPORT) + MEMORY_IMPORT.length;
  return binary.slice(0, at) + String.fromCharCode(binary.charCodeAt(at) | SHARED) + binary.slice(at + 1);
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

async function compile(build: Build, shared: boolean): Promise<WebAssembly.Module> {
  const binary = atob(await binaryOf(build));
  return WebAssembly.compile(Uint8Array.from(shared ? onSharedMemory(binary) : binary, (character) => character.charCodeAt(0)));
}

/**
 * The module, compiled once.
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

/** The kernels of a module on a memory of the caller's. */
export function kernelsOn(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  const abort = (message: number, file: number, line: number): never => {
    throw new Error(`wasm: ${textAt(memory, message)} (${textAt(memory, file)}:${line})`);
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  if (!isExports(exports)) throw new Error("wasm: the module has no kernels");
  return exports;
}

/** The kernels on a memory of the caller's, which is not shared and may grow to `MOST_PAGES`. */
export const load = async (build: Build, memory: WebAssembly.Memory): Promise<Exports> => kernelsOn(await moduleOf(build), memory);
