/** The data that the comparisons of a case start from. */
import type { Calls } from "./calls.ts";
import type { Site } from "./curve.ts";
import { differentiated, mapArrays, type Arrays } from "./differentiable.ts";
import type { Draw } from "../draw.ts";
import { Fault } from "./fault.ts";
import type { HostArray } from "../host.ts";

/** Inputs, output, cotangent, and the gradients that `vjp` returned. */
export interface Base {
  readonly inputs: Arrays;
  readonly y: HostArray;
  readonly dOut: HostArray;
  readonly gradients: Arrays;
}

/** Moves every number of the differentiated inputs by one unit in its last place, up or down. */
const nudged = (inputs: Arrays, constants: readonly string[], draw: Draw): Arrays =>
  mapArrays(inputs, ({ shape, data }, name) => {
    const unit = constants.includes(name) ? 0 : Number.EPSILON;
    return { shape, data: data.map((x) => (x === 0 ? x : x * (1 + unit * draw.oneOf([-1, 1])))) };
  });

/** Number of such moves. */
const NUDGES = 3;

/** The gradients at inputs that differ only by rounding. Their differences show the rounding error of `vjp`. */
async function gradientsNearby(
  { vjp }: Calls,
  { inputs, dOut }: Base,
  constants: readonly string[],
  draw: Draw,
): Promise<readonly Arrays[]> {
  const all: Arrays[] = [];
  for (let i = 0; i < NUDGES; i++)
    try {
      all.push((await vjp(nudged(inputs, constants, draw), dOut)).value);
    } catch (error) {
      if (!(error instanceof Fault)) throw error; // a fault, such as leaving the function's domain, only means that nothing is allowed for rounding
    }
  return all;
}

/** A site for each differentiated input. */
export function sitesOf(calls: Calls, base: Base, constants: readonly string[], draw: Draw): readonly Site[] {
  const { inputs, y, dOut, gradients } = base;
  let found: Promise<readonly Arrays[]> | null = null;
  const once = (): Promise<readonly Arrays[]> => (found ??= gradientsNearby(calls, base, constants, draw));
  return Object.entries(differentiated(inputs, constants)).map(([input, x]) => {
    const gradient: HostArray = gradients[input] ?? x;
    return {
      input,
      x,
      gradient,
      y,
      dOut,
      at: async (changed) => (await calls.forward({ ...inputs, [input]: changed })).value,
      nearby: async () => (await once()).map((arrays) => arrays[input] ?? gradient),
    };
  });
}
