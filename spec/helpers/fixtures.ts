/** The files under fixtures/. */
import { readFileSync } from "node:fs";
import { hostArray, type HostArray, type Leaves } from "../../src/check/host.ts";
import { numbersOf, parseSafetensors } from "../../src/io/safetensors/safetensors.ts";

export const bytesOf = (path: string): Uint8Array => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url));

export const textOf = (path: string): string => new TextDecoder().decode(bytesOf(path));

/** All tensors of a safetensors file, in f64. */
export function tensorsOf(path: string): Leaves {
  const { tensors } = parseSafetensors(bytesOf(path));
  return new Map([...tensors].map(([name, stored]) => [name, hostArray(stored.shape, numbersOf(stored))]));
}

/** @throws Error naming the tensor that is missing */
export function tensorOf(leaves: Pick<Leaves, "get">, name: string): HostArray {
  const array = leaves.get(name);
  if (array === undefined) throw new Error(`the fixture has no tensor ${name}`);
  return array;
}
