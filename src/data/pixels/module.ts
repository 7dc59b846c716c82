/** The compiled pixel kernels and their memory. */
import { binary } from "./generated/pixels.ts";
import type { Exports } from "./generated/exports.ts";

const PAGE = 64 * 1024;
/** What every part of the memory is aligned to. */
const ALIGNMENT = 64;

/** An instance of the kernels with a memory of its own. */
export interface Kernels extends Exports {
  readonly memory: WebAssembly.Memory;
}

const isKernels = (exports: object): exports is Kernels => "memory" in exports && "alongColumns" in exports;

let compiled: WebAssembly.Module | undefined;

/** A new instance. The kernels are compiled once. */
export function newKernels(): Kernels {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(binary), (character) => character.charCodeAt(0)));
  const { exports } = new WebAssembly.Instance(compiled);
  if (!isKernels(exports)) throw new Error("pixels: the module has no kernels");
  return exports;
}

/**
 * Addresses of parts of the memory that have these lengths in bytes, from its beginning, with a margin after each; the memory grows if they
 * need more. What an earlier call placed is given up.
 *
 * @throws RangeError where 4 GiB are not enough, or the system gives no more
 */
export function place({ memory, firstFree, margin }: Kernels, lengths: readonly number[]): readonly number[] {
  const addresses: number[] = [];
  let at = firstFree() + margin();
  for (const length of lengths) {
    addresses.push(at);
    at = Math.ceil((at + length + margin()) / ALIGNMENT) * ALIGNMENT;
  }
  const missing = at - memory.buffer.byteLength;
  if (missing > 0)
    try {
      memory.grow(Math.ceil(missing / PAGE));
    } catch (cause) {
      throw new RangeError(`pixels: an image of this size needs ${Math.ceil(at / 2 ** 20)} MiB, and the system gives no more`, { cause });
    }
  return addresses;
}

/** So many bytes of the memory, until it grows. */
export const bytesAt = ({ memory }: Kernels, at: number, length: number): Uint8Array => new Uint8Array(memory.buffer, at, length);

/** A copy of so many bytes of the memory. */
export const copyOf = (kernels: Kernels, at: number, length: number): Uint8Array => bytesAt(kernels, at, length).slice();
