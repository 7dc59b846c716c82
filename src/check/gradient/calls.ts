/** Calls of a user's functions: each call gets its own copies of the arrays, may throw, and must not change its arguments. */
import { show } from "../../tensor/tensor.ts";
import { indexOf } from "../close.ts";
import { checkedGradients, checkedOutput, copy, mapArrays, type Arrays, type Differentiable } from "./differentiable.ts";
import { Fault } from "./fault.ts";
import type { HostArray } from "../host.ts";

/** What a call returned: a copy, and the returned arrays themselves, which a later call might write into. */
export interface Returned<T> {
  readonly value: T;
  readonly raw: T;
}

/** The functions, with input names that are known only at run time. */
export interface Calls {
  /** @throws Fault of kind threw, shape or impure */
  readonly forward: (inputs: Arrays) => Promise<Returned<HostArray>>;
  /** @throws Fault of kind threw, entries, shape or impure */
  readonly vjp: (inputs: Arrays, dOut: HostArray) => Promise<Returned<Arrays>>;
}

/** The flat index at which two arrays differ; −1 if they are equal. NaN equals NaN, and −0 equals 0. */
export const differsAt = (a: HostArray, b: HostArray): number =>
  b.data.findIndex((y, i) => y !== a.data[i] && !(Number.isNaN(y) && Number.isNaN(a.data[i])));

/** @throws Fault if the function changed the array that it was called with */
function untouched(which: string, argument: string, before: HostArray, after: HostArray | undefined, data: Float64Array): void {
  const place = { input: argument };
  if (after === undefined || after.data !== data || show(after.shape) !== show(before.shape))
    throw new Fault("impure", `${which} replaces its argument ${argument} by another array; let it leave its arguments unchanged`, place);
  const i = differsAt(before, after);
  if (i === -1) return;
  const index = indexOf(before.shape, i);
  const what = `${argument}${show(index)} was ${before.data[i]} and is ${after.data[i]}`;
  throw new Fault("impure", `${which} writes into its argument: ${what}; let it write into a new array`, { ...place, index });
}

const thrown = (cause: unknown): string => (cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));

/** The same record, with the type that the user's function expects. */
function named<Name extends string>(arrays: Arrays): Arrays<Name>;
function named(arrays: Arrays): Arrays {
  return arrays;
}

/** Runs one of the functions on copies of its arguments, and then checks that it has not changed them. */
async function guarded(
  which: string,
  inputs: Arrays,
  dOut: HostArray,
  run: (handed: Arrays, dOut: HostArray) => unknown,
): Promise<unknown> {
  const [handed, cotangent] = [mapArrays(inputs, copy), copy(dOut)];
  const [record, buffers] = [{ ...handed }, new Map(Object.entries(handed).map(([name, { data }]) => [name, data]))];
  const buffer = cotangent.data;
  let result: unknown;
  try {
    result = await run(record, cotangent);
  } catch (cause) {
    throw new Fault("threw", `${which} threw ${thrown(cause)}`, { cause });
  }
  for (const [name, before] of Object.entries(inputs)) untouched(which, name, before, record[name], buffers.get(name) ?? before.data);
  untouched(which, "dOut", dOut, cotangent, buffer);
  return result;
}

const NOTHING: HostArray = { shape: [0], data: new Float64Array() };

export function callsOf<Name extends string, Constant extends string>(
  { forward, vjp }: Differentiable<Name, Constant>,
  constants: readonly string[],
): Calls {
  return {
    forward: async (inputs) => {
      const raw = checkedOutput(await guarded("forward", inputs, NOTHING, (handed) => forward(named<Name>(handed))));
      return { raw, value: copy(raw) };
    },
    vjp: async (inputs, dOut) => {
      const grads = await guarded("vjp", inputs, dOut, (handed, cotangent) => vjp(named<Name>(handed), cotangent));
      const raw = checkedGradients(grads, inputs, constants);
      return { raw, value: mapArrays(raw, copy) };
    },
  };
}
