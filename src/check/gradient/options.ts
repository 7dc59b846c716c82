/** What checkGradient is given: the options, checked, and the arbitrary of inputs that they describe. */
import fc from "fast-check";
import { show, size, type Shape } from "../../tensor/tensor.ts";
import { arraysArbitrary } from "../arbitraries.ts";
import { indexOf } from "../close.ts";
import { checkedArray, mapArrays, type Arrays, type Differentiable } from "./differentiable.ts";
import { Fault } from "./fault.ts";
import type { HostArray } from "../host.ts";
import { tolerances } from "../tolerance.ts";

/** By name, a shape, for values of −3 … 3 that keep away from 0 and from those of all other shapes, or a fast-check arbitrary of arrays. */
export type InputsByName<Name extends string> = { readonly [K in Name]: Shape | fc.Arbitrary<HostArray> };

/** A function with its gradient, what to draw for it, and how strictly it is held: the argument of `checkGradient`. */
export interface GradientCheck<Name extends string, Constant extends Name = never> extends Differentiable<Name, Constant> {
  /** For messages. */
  readonly name: string;
  /** By name; or one fast-check arbitrary of the whole record, where the shapes depend on each other. */
  readonly inputs: InputsByName<Name> | fc.Arbitrary<Arrays<Name>>;
  /** The same seed draws the same cases; default 0. */
  readonly seed?: number;
  /** Default 100. */
  readonly cases?: number;
  /** Largest error that holds, relative; default 1e-7. */
  readonly tolerance?: number;
  /** Starts at the case that an error names. */
  readonly path?: string;
  /** Inputs that are not differentiated, such as labels and masks: never moved, and without a gradient. */
  readonly constants?: readonly Constant[];
  /** Inputs that forward is linear in, the others held; tried by values. */
  readonly linear?: readonly NoInfer<Name>[];
  /** At a kink there is no derivative: "reject" (the default) says so, "count" goes on if the gradient lies between the slopes of both sides. */
  readonly kinks?: "reject" | "count";
}

/** With the defaults. */
export interface Settings {
  readonly name: string;
  readonly seed: number;
  readonly cases: number;
  readonly tolerance: number;
  readonly path: string | null;
  readonly constants: readonly string[];
  readonly linear: readonly string[];
  readonly countKinks: boolean;
}

const DEFAULT_CASES = 100;
/** An input of more numbers would take too long. */
const LARGEST = 1e6;

function wanted(holds: boolean, option: string, what: string, got: unknown): void {
  if (!holds) throw new Fault("options", `${option} must be ${what}, got ${typeof got === "string" ? JSON.stringify(got) : String(got)}`);
}

/** Of any copy of fast-check. */
const isArbitrary = (value: unknown): value is fc.Arbitrary<unknown> =>
  typeof value === "object" && value !== null && "generate" in value && "shrink" in value;

/** What to call a check whose options may be wrong, its name among them. */
export const nameOf = (check: unknown): string =>
  typeof check === "object" && check !== null && "name" in check && typeof check.name === "string" ? check.name : "checkGradient";

/** @throws Fault of kind options */
export function settingsOf<Name extends string, Constant extends Name>(check: GradientCheck<Name, Constant>): Settings {
  wanted(typeof check === "object" && check !== null, "the check", "{ name, forward, vjp, inputs }", check);
  const { name, forward, vjp, seed = 0, cases = DEFAULT_CASES, tolerance = tolerances.gradients.f64.bound, path, kinks = "reject" } = check;
  wanted(typeof name === "string" && name !== "", "name", "a text", name);
  wanted(typeof forward === "function", "forward", "a function of the inputs", forward);
  wanted(typeof vjp === "function", "vjp", "a function of the inputs and dOut", vjp);
  wanted(Number.isSafeInteger(seed), "seed", "a whole number", seed);
  wanted(Number.isSafeInteger(cases) && cases > 0, "cases", "a positive integer", cases);
  wanted(tolerance > 0 && tolerance < 1, "tolerance", "a number between 0 and 1", tolerance);
  wanted(path === undefined || /^\d+(:\d+)*$/.test(path), "path", 'that of an error, such as "3:0:1"', path);
  wanted(kinks === "reject" || kinks === "count", "kinks", '"reject" or "count"', kinks);
  const [constants, linear] = [check.constants ?? [], check.linear ?? []];
  wanted(Array.isArray(constants), "constants", "a list of names of inputs", constants);
  wanted(Array.isArray(linear), "linear", "a list of names of inputs", linear);
  return { name, seed, cases, tolerance, path: path ?? null, constants, linear, countKinks: kinks === "count" };
}

/** @throws Fault of kind options */
function checkedShape(name: string, given: unknown): Shape {
  const isShape = Array.isArray(given) && given.every((length) => Number.isSafeInteger(length) && length >= 0);
  const what = `inputs.${name} must be a shape of whole numbers ≥ 0 or a fast-check arbitrary of { shape, data: Float64Array }`;
  if (!isShape) throw new Fault("options", `${what}, got ${Array.isArray(given) ? show(given) : String(given)}`, { input: name });
  const shape: Shape = [...given];
  if (size(shape) > LARGEST)
    throw new Fault("options", `inputs.${name} of shape ${show(shape)} has more than ${LARGEST} numbers`, { input: name });
  return shape;
}

/**
 * Inputs by name: those of shapes together, so that their numbers keep apart; arbitraries independently, unless one draws them all.
 *
 * @throws Fault of kind options
 */
export function inputsArbitrary(inputs: unknown): fc.Arbitrary<unknown> {
  if (isArbitrary(inputs)) return inputs;
  if (inputs === null || typeof inputs !== "object" || Array.isArray(inputs) || Object.keys(inputs).length === 0)
    throw new Fault("options", "inputs must be a record of shapes or arbitraries with one entry at least");
  const entries = Object.entries(inputs);
  const arbitraries = entries.flatMap(([name, given]): [string, fc.Arbitrary<unknown>][] => (isArbitrary(given) ? [[name, given]] : []));
  const shapes = entries.flatMap(([name, given]) => (isArbitrary(given) ? [] : [[name, checkedShape(name, given)] as const]));
  return fc
    .tuple(arraysArbitrary(Object.fromEntries(shapes)), fc.record(Object.fromEntries(arbitraries)))
    .map(([drawn, given]) => Object.fromEntries(entries.map(([name]) => [name, drawn[name] ?? given[name]])));
}

/** @throws Fault of kind options unless arrays of finite numbers were drawn (constants may hold infinities), under the names that options speak of */
export function checkedInputs(drawn: unknown, { constants, linear }: Settings): Arrays {
  if (drawn === null || typeof drawn !== "object" || Array.isArray(drawn))
    throw new Fault("options", `inputs must be drawn as a record of arrays, got ${String(drawn)}`);
  const stranger = [...constants, ...linear].find((name) => !Object.hasOwn(drawn, name));
  if (stranger !== undefined) throw new Fault("options", `constants and linear name inputs; ${stranger} is none`);
  return mapArrays(Object.fromEntries(Object.entries(drawn)), (array, input) => {
    const { shape, data } = checkedArray(array, `the array drawn for ${input}`, "options", { input });
    const bad = constants.includes(input) ? -1 : data.findIndex((x) => !Number.isFinite(x));
    if (bad === -1) return { shape, data };
    const index = indexOf(shape, bad);
    throw new Fault("options", `${data[bad]} was drawn for ${input}${show(index)}; draw finite numbers`, { input, index });
  });
}
