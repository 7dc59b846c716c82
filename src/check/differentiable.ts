/** A function of named arrays with its gradient, as checkGradient takes it, and what must hold of the arrays that it returns. */
import { show, size } from "../tensor/tensor.ts";
import { indexOf } from "./close.ts";
import type { HostArray } from "./host.ts";

/** Arrays by the name of the input. */
export type Arrays<Name extends string = string> = { readonly [K in Name]: HostArray };

/** A function and its gradient, both of plain arrays. */
export interface Differentiable<Name extends string> {
  readonly forward: (inputs: Arrays<Name>) => HostArray | Promise<HostArray>;
  /** For each input a gradient of its shape. */
  readonly vjp: (inputs: Arrays<Name>, dOut: HostArray) => Arrays<Name> | Promise<Arrays<Name>>;
}

export const copy = ({ shape, data }: HostArray): HostArray => ({ shape: [...shape], data: Float64Array.from(data) });

/** Each array replaced, under its name. */
export function mapArrays<Name extends string>(arrays: Arrays<Name>, f: (a: HostArray, name: string) => HostArray): Arrays<Name>;
export function mapArrays(arrays: Arrays, f: (a: HostArray, name: string) => HostArray): Arrays {
  return Object.fromEntries(Object.entries(arrays).map(([name, a]) => [name, f(a, name)]));
}

/** @throws Error unless there are as many numbers as the shape says */
function checkedArray({ shape, data }: HostArray, what: string): HostArray {
  if (!Array.isArray(shape) || !(data instanceof Float64Array)) throw new Error(`${what} must be { shape, data: Float64Array }`);
  if (data.length !== size(shape)) throw new Error(`${what} has shape ${show(shape)} but ${data.length} numbers`);
  return { shape, data };
}

/** What forward returns. */
export const checkedOutput = (out: HostArray): HostArray => checkedArray(out, "the output of forward");

/** The output to compare with: from NaN or infinity no difference can be formed. */
export function finiteOutput(out: HostArray): HostArray {
  const { shape, data } = checkedOutput(out);
  const bad = data.findIndex((y) => !Number.isFinite(y));
  if (bad !== -1) throw new Error(`the output of forward is ${data[bad]} at ${show(indexOf(shape, bad))}`);
  return { shape, data };
}

/** @throws Error unless there is a gradient of the right shape for each input, and no other */
export function checkedGradients(grads: Arrays, inputs: Arrays): ReadonlyMap<string, HostArray> {
  const stranger = Object.keys(grads).find((name) => !Object.hasOwn(inputs, name));
  if (stranger !== undefined) throw new Error(`vjp returns a gradient of ${stranger}, which is no input`);
  const checked = Object.entries(inputs).map(([name, { shape }]): [string, HostArray] => {
    if (!Object.hasOwn(grads, name)) throw new Error(`vjp returns no gradient of ${name}`);
    const gradient = checkedArray(grads[name] ?? { shape: [], data: new Float64Array() }, `the gradient of ${name}`);
    if (show(gradient.shape) !== show(shape))
      throw new Error(`the gradient of ${name} must have shape ${show(shape)}, got ${show(gradient.shape)}`);
    return [name, gradient];
  });
  return new Map(checked);
}
