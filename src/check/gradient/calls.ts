/** Calls of a user's functions: each gets arrays of its own, may throw, and must leave its arguments as they were. */
import { show } from "../../tensor/tensor.ts";
import { indexOf } from "../close.ts";
import { checkedGradients, checkedOutput, copy, mapArrays, type Arrays, type Differentiable } from "./differentiable.ts";
import { Fault } from "./fault.ts";
import type { HostArray } from "../host.ts";

/** What a call gave: a copy of it, and the very arrays, which a later call might write into. */
export interface Returned<T> {
  readonly value: T;
  readonly raw: T;
}

/** The functions under names known at run time only. */
export interface Calls {
  /** @throws Fault of kind threw, shape or impure */
  readonly forward: (inputs: Arrays) => Promise<Returned<HostArray>>;
  /** @throws Fault of kind threw, entries, shape or impure */
  readonly vjp: (inputs: Arrays, dOut: HostArray) => Promise<Returned<Arrays>>;
}

/** Where two arrays differ in a bit: the flat index; −1 if they do not. NaN equals NaN, and −0 equals 0. */
export const differsAt = (a: HostArray, b: HostArray): number =>
  b.data.findIndex((y, i) => y !== a.data[i] && !(Number.isNaN(y) && Number.isNaN(a.data[i])));

/** @throws Fault if the array that was handed over is no longer as it was */
function untouched(which: string, argument: string, before: HostArray, after: HostArray | undefined, data: Float64Array): void {
  const place = { input: argument };
  if (after === undefined || after.data !== data || show(after.shape) !== show(before.shape))
    throw new Fault("impure", `${which} puts another array in the place of its argument ${argument}`, place);
  const i = differsAt(before, after);
  if (i === -1) return;
  const index = indexOf(before.shape, i);
  const what = `${argument}${show(index)} was ${before.data[i]} and is ${after.data[i]}`;
  throw new Fault("impure", `${which} writes into its argument: ${what}; let it write into an array of its own`, { ...place, index });
}

const thrown = (cause: unknown): string => (cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));

/** The same record under the names that its function knows. */
function named<Name extends string>(arrays: Arrays): Arrays<Name>;
function named(arrays: Arrays): Arrays {
  return arrays;
}

/** Runs one of the functions on copies of its arguments, and looks at them afterwards. */
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
