/** A function of named arrays with its gradient, the argument of `checkGradient`, and checks of the arrays that it returns. */
import { show, size } from "../../tensor/tensor.ts";
import { indexOf } from "../close.ts";
import { Fault, type FaultLocation } from "./fault.ts";
import type { HostArray } from "../host.ts";

/** Arrays by the name of the input. */
export type Arrays<Name extends string = string> = { readonly [K in Name]: HostArray };

/** A function and its gradient, both of plain arrays. `Constant` are inputs that are not differentiated: labels, masks. */
export interface Differentiable<Name extends string, Constant extends string = never> {
  /** The function, from arrays by name to one array. It may be asynchronous, and must not write into its inputs. */
  readonly forward: (inputs: Arrays<Name>) => HostArray | Promise<HostArray>;
  /** Returns for each differentiated input a gradient of the same shape. */
  readonly vjp: (inputs: Arrays<Name>, dOut: HostArray) => Arrays<Exclude<Name, Constant>> | Promise<Arrays<Exclude<Name, Constant>>>;
}

export const copy = ({ shape, data }: HostArray): HostArray => ({ shape: [...shape], data: Float64Array.from(data) });

/** Each array replaced, under its name. */
export const mapArrays = (arrays: Arrays, f: (a: HostArray, name: string) => HostArray): Arrays =>
  Object.fromEntries(Object.entries(arrays).map(([name, a]) => [name, f(a, name)]));

/** A value in a few words, for an error message. */
function wordFor(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "an array" : `{ ${Object.keys(value).join(", ")} }`;
}

const isShape = (shape: unknown): shape is readonly number[] =>
  Array.isArray(shape) && shape.every((length) => Number.isSafeInteger(length) && length >= 0);

/** @throws Fault unless the value is an array with as many numbers as its shape requires */
export function checkedArray(value: unknown, what: string, kind: "shape" | "options", place?: FaultLocation): HostArray {
  if (value === null || typeof value !== "object" || !("shape" in value) || !("data" in value))
    throw new Fault(kind, `${what} must be { shape, data: Float64Array }, got ${wordFor(value)}`, place);
  const { shape, data } = value;
  if (!isShape(shape))
    throw new Fault(
      kind,
      `${what} must have a shape of whole numbers ≥ 0, got ${Array.isArray(shape) ? show(shape) : wordFor(shape)}`,
      place,
    );
  if (!(data instanceof Float64Array)) {
    const got = ArrayBuffer.isView(data) ? data.constructor.name : wordFor(data);
    throw new Fault(kind, `${what} must be { shape, data: Float64Array }, got data of ${got}`, place);
  }
  if (data.length !== size(shape))
    throw new Fault(kind, `${what} must have ${size(shape)} numbers for its shape ${show(shape)}, got ${data.length}`, place);
  return { shape, data };
}

/** The output of forward, checked. */
export const checkedOutput = (out: unknown): HostArray => checkedArray(out, "the output of forward", "shape");

/** @throws Fault at the first NaN or infinity, for which no finite difference exists */
export function finiteOutput({ shape, data }: HostArray): void {
  const bad = data.findIndex((y) => !Number.isFinite(y));
  if (bad === -1) return;
  const index = indexOf(shape, bad);
  throw new Fault("non-finite", `the output of forward is ${data[bad]} at ${show(index)}`, { index });
}

/** The differentiated inputs. */
export const differentiated = (inputs: Arrays, constants: readonly string[]): Arrays =>
  Object.fromEntries(Object.entries(inputs).filter(([name]) => !constants.includes(name)));

/** @throws Fault unless there is exactly one gradient, of the right shape, for each differentiated input */
export function checkedGradients(grads: unknown, inputs: Arrays, constants: readonly string[]): Arrays {
  if (grads === null || typeof grads !== "object" || Array.isArray(grads))
    throw new Fault("entries", `vjp must return a record with a gradient for each input, got ${wordFor(grads)}`);
  const returned = new Map<string, unknown>(Object.entries(grads));
  for (const input of returned.keys()) {
    if (!Object.hasOwn(inputs, input)) throw new Fault("entries", `vjp returns a gradient of ${input}, which is not an input`, { input });
    if (constants.includes(input))
      throw new Fault("entries", `vjp returns a gradient of ${input}, which is among the constants; leave it out`, { input });
  }
  return mapArrays(differentiated(inputs, constants), ({ shape }, input) => {
    const value = returned.get(input);
    if (value === undefined || value === null) throw new Fault("entries", `vjp returns no gradient of ${input}`, { input });
    const gradient = checkedArray(value, `the gradient of ${input}`, "shape", { input });
    if (show(gradient.shape) !== show(shape))
      throw new Fault("shape", `the gradient of ${input} must have shape ${show(shape)}, got ${show(gradient.shape)}`, { input });
    return gradient;
  });
}
