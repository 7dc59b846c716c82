/** The law of gradients: they equal finite differences, or in f32, where differences are too inexact, the gradients of a reference engine. */
import type { Engine } from "../../kernels/engine.ts";
import { gapOfGradients, scaleOf } from "../close.ts";
import type { Draw } from "../draw.ts";
import type { HostArray, Leaves } from "../host.ts";
import { combine, drawnCotangents, gradients, mapLeaves, outputs, type Law } from "./law.ts";
import { derivative, STEP } from "../stencil.ts";
import type { Trial } from "./subject.ts";
import { tolerances } from "../tolerance.ts";

const dot = (a: HostArray, b: HostArray): number => a.data.reduce((sum, x, i) => sum + x * (b.data[i] ?? NaN), 0);
const absoluteDot = (a: HostArray, b: HostArray): number => a.data.reduce((sum, x, i) => sum + Math.abs(x * (b.data[i] ?? NaN)), 0);

/** A direction of length 1 in the space of all inputs. */
function unitDirection(inputs: Leaves, draw: Draw): Leaves {
  const raw = mapLeaves(inputs, ({ shape }) => draw.array(shape));
  const length = Math.sqrt([...raw.values()].reduce((sum, v) => sum + dot(v, v), 0)) || 1;
  return mapLeaves(raw, (v) => ({ shape: v.shape, data: v.data.map((x) => x / length) }));
}

/** The rounding error of the stencil's differences as a share of the function's value: a few units in the last place, divided by the step. */
const ROUNDING = (4 * 2 ** -53) / STEP;

/**
 * ⟨ȳ, Jv⟩ by finite differences against ⟨vjp(ȳ), v⟩. The error is relative to the sum of |contributions|, so that cancellation can neither hide
 * nor fake a failure, and excludes what the rounding error of the function's value explains.
 */
async function againstDifferences(engine: Engine, trial: Trial, draw: Draw): Promise<number> {
  const { cotangentOf } = drawnCotangents(draw);
  const direction = unitDirection(trial.inputs, draw);
  const grads = await gradients(engine, trial, cotangentOf);
  const along = async (h: number): Promise<number> => {
    const out = await outputs(
      engine,
      trial,
      mapLeaves(trial.inputs, (x, name) => combine(x, h, direction.get(name))),
    );
    return [...out].reduce((sum, [name, y]) => sum + dot(y, cotangentOf(name, y.shape)), 0);
  };
  let [analytic, mass] = [0, 0];
  for (const [name, v] of direction) {
    const g = grads.get(name);
    if (g === undefined) return Infinity;
    analytic += dot(g, v);
    mass += absoluteDot(g, v);
  }
  const value = [...(await outputs(engine, trial, new Map()))].reduce(
    (sum, [name, y]) => sum + absoluteDot(y, cotangentOf(name, y.shape)),
    0,
  );
  return Math.max(0, Math.abs((await derivative(along)) - analytic) - ROUNDING * value) / (mass || 1);
}

/** The same call with the same numbers on both engines. */
async function againstReference(engine: Engine, trial: Trial, draw: Draw, reference: Engine): Promise<number> {
  const { cotangentOf, drawn } = drawnCotangents(draw);
  const expected = await gradients(reference, trial, cotangentOf);
  return gapOfGradients(await gradients(engine, trial, cotangentOf), expected, scaleOf(drawn), engine.precision);
}

export const gradientLaw: Law = {
  name: "gradients",
  says: "⟨ȳ, Jv⟩ by finite differences equals ⟨vjp(ȳ), v⟩; in f32, vjp(ȳ) equals that of the reference engine",
  tolerance: tolerances.gradients,
  error: (engine, trial, draw, reference) =>
    engine.precision === "f64" ? againstDifferences(engine, trial, draw) : againstReference(engine, trial, draw, reference),
};
