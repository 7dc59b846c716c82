/** The argument of `checkGradient`: its options, checked, and the arbitrary of inputs that they describe. */
import fc from "fast-check";
import { show, size, type Shape } from "../../tensor/tensor.ts";
import { arraysArbitrary } from "../arbitraries.ts";
import { indexOf } from "../close.ts";
import { checkedArray, mapArrays, type Arrays, type Differentiable } from "./differentiable.ts";
import { Fault } from "./fault.ts";
import type { HostArray } from "../host.ts";
import { tolerances } from "../tolerance.ts";

/** For each input a shape, for values from −3 to 3 that are not close to 0 or to each other, or a fast-check arbitrary of arrays. */
export type InputsByName<Name extends string> = { readonly [K in Name]: Shape | fc.Arbitrary<HostArray> };

/** A function with its gradient, the inputs to draw, and the tolerance: the argument of `checkGradient`. */
export interface GradientCheck<Name extends string, Constant extends Name = never> extends Differentiable<Name, Constant> {
  /** Names the function in messages. */
  readonly name: string;
  /** The inputs by name; or, where their shapes depend on each other, one fast-check arbitrary of the whole record. */
  readonly inputs: InputsByName<Name> | fc.Arbitrary<Arrays<Name>>;
  /** The same seed draws the same cases; default 0. */
  readonly seed?: number;
  /** Default 100. */
  readonly cases?: number;
  /** The largest relative error allowed; default 1e-7. */
  readonly tolerance?: number;
  /** The path that an error names: the check starts at that case. */
  readonly path?: string;
  /** Inputs that are not differentiated, such as labels and masks; they are never moved and have no gradient. */
  readonly constants?: readonly Constant[];
  /** Inputs in which forward is linear while the others stay fixed; the check tries this with values. */
  readonly linear?: readonly NoInfer<Name>[];
  /** At a kink there is no derivative: "reject" (the default) fails, "count" continues if the gradient lies between the slopes from both sides. */
  readonly kinks?: "reject" | "count";
}

/** The options with the defaults filled in. */
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
/** The most numbers of an input; more would take too long. */
const LARGEST = 1e6;

function wanted(holds: boolean, option: string, what: string, got: unknown): void {
  if (!holds) throw new Fault("options", `${option} must be ${what}, got ${typeof got === "string" ? JSON.stringify(got) : String(got)}`);
}

/** Recognises arbitraries of any copy of fast-check. */
const isArbitrary = (value: unknown): value is fc.Arbitrary<unknown> =>
  typeof value === "object" && value !== null && "generate" in value && "shrink" in value;

/** A name for the check, even if its options, including the name, may be wrong. */
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
 * The arbitrary of all inputs. Inputs that are given by shapes are drawn together, so that no two numbers are close; arbitraries are independent,
 * unless one draws the whole record.
 *
 * @throws Fault of kind options
 */
export function inputsArbitrary(inputs: unknown): fc.Arbitrary<unknown> {
  if (isArbitrary(inputs)) return inputs;
  if (inputs === null || typeof inputs !== "object" || Array.isArray(inputs) || Object.keys(inputs).length === 0)
    throw new Fault("options", "inputs must be a record of shapes or arbitraries with at least one entry");
  const entries = Object.entries(inputs);
  const arbitraries = entries.flatMap(([name, given]): [string, fc.Arbitrary<unknown>][] => (isArbitrary(given) ? [[name, given]] : []));
  const shapes = entries.flatMap(([name, given]) => (isArbitrary(given) ? [] : [[name, checkedShape(name, given)] as const]));
  return fc
    .tuple(arraysArbitrary(Object.fromEntries(shapes)), fc.record(Object.fromEntries(arbitraries)))
    .map(([drawn, given]) => Object.fromEntries(entries.map(([name]) => [name, drawn[name] ?? given[name]])));
}

/** @throws Fault of kind options unless arrays of finite numbers were drawn (constants may hold infinities), under the names that the options use */
export function checkedInputs(drawn: unknown, { constants, linear }: Settings): Arrays {
  if (drawn === null || typeof drawn !== "object" || Array.isArray(drawn))
    throw new Fault("options", `inputs must be drawn as a record of arrays, got ${String(drawn)}`);
  const stranger = [...constants, ...linear].find((name) => !Object.hasOwn(drawn, name));
  if (stranger !== undefined)
    throw new Fault("options", `constants and linear must name inputs, ${Object.keys(drawn).join(", ")}, got ${stranger}`);
  return mapArrays(Object.fromEntries(Object.entries(drawn)), (array, input) => {
    const { shape, data } = checkedArray(array, `the array drawn for ${input}`, "options", { input });
    const bad = constants.includes(input) ? -1 : data.findIndex((x) => !Number.isFinite(x));
    if (bad === -1) return { shape, data };
    const index = indexOf(shape, bad);
    throw new Fault("options", `${data[bad]} was drawn for ${input}${show(index)}; draw finite numbers`, { input, index });
  });
}
