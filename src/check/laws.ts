/** The laws of any op: each a claim about one drawn call, with its error. */
import type { Engine } from "../kernels/engine.ts";
import { observe } from "../ops/observe.ts";
import type { Shape } from "../tensor/tensor.ts";
import { gapOfLeaves, scaleOf } from "./close.ts";
import type { Draw } from "./draw.ts";
import { evaluate, type HostArray, type Leaves } from "./host.ts";
import { derivative, STEP } from "./stencil.ts";
import type { CotangentOf, Subject, Trial } from "./subject.ts";
import { tolerances, type Tolerance } from "./tolerance.ts";

export interface Law {
  readonly name: string;
  readonly says: string;
  readonly tolerance: Tolerance;
  readonly error: (engine: Engine, trial: Trial, draw: Draw) => Promise<number>;
}

/** Cotangents that are drawn once for each leaf and then stay. */
function drawnCotangents(draw: Draw): CotangentOf {
  const drawn = new Map<string, HostArray>();
  return (name, shape) => {
    const cotangent = drawn.get(name) ?? draw.array(shape);
    drawn.set(name, cotangent);
    return cotangent;
  };
}

/** All outputs that are differentiated. */
const outputs = async (engine: Engine, trial: Trial, moved: Leaves): Promise<Leaves> => {
  const leaves = await evaluate(engine, (k) => trial.forward(k, moved).out);
  return new Map([...leaves].filter(([name]) => !name.split(".").includes("constant")));
};

const gradients = (engine: Engine, trial: Trial, cotangentOf: CotangentOf): Promise<Leaves> =>
  evaluate(engine, (k) => trial.gradients(k, cotangentOf));

const dot = (a: HostArray, b: HostArray): number => a.data.reduce((sum, x, i) => sum + x * (b.data[i] ?? NaN), 0);
const absoluteDot = (a: HostArray, b: HostArray): number => a.data.reduce((sum, x, i) => sum + Math.abs(x * (b.data[i] ?? NaN)), 0);
const mapLeaves = (leaves: Leaves, f: (a: HostArray, name: string) => HostArray): Leaves =>
  new Map([...leaves].map(([name, a]) => [name, f(a, name)]));
const combine = (a: HostArray, s: number, b: HostArray | undefined): HostArray => ({
  shape: a.shape,
  data: a.data.map((x, i) => x + s * (b?.data[i] ?? 0)),
});

/** A direction of length 1 in the space of all inputs. */
function unitDirection(inputs: Leaves, draw: Draw): Leaves {
  const raw = mapLeaves(inputs, ({ shape }) => draw.array(shape));
  const length = Math.sqrt([...raw.values()].reduce((sum, v) => sum + dot(v, v), 0)) || 1;
  return mapLeaves(raw, (v) => ({ shape: v.shape, data: v.data.map((x) => x / length) }));
}

const shapes: Law = {
  name: "shapes",
  says: "there is a gradient for each input, of its shape",
  tolerance: tolerances.exact,
  error: async (engine, trial, draw) => {
    const text = (leaves: Leaves): string =>
      [...leaves]
        .map(([name, { shape }]) => `${name} ${shape.join()}`)
        .toSorted()
        .join("; ");
    return text(await gradients(engine, trial, drawnCotangents(draw))) === text(trial.inputs) ? 0 : Infinity;
  },
};

/** Rounding of the stencil's differences, over the function's value: a few units in the last place, divided by the step. */
const ROUNDING = (4 * 2 ** -53) / STEP;

/**
 * Scaled by the sum of |contributions|, so that cancellation can neither hide nor fake a failure; less what the rounding of the function's value
 * explains, where that is flat.
 */
const directional: Law = {
  name: "directional",
  says: "⟨ȳ, Jv⟩ by finite differences equals ⟨vjp(ȳ), v⟩",
  tolerance: tolerances.directional,
  error: async (engine, trial, draw) => {
    const cotangentOf = drawnCotangents(draw);
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
  },
};

/** A leaf whose true gradient is 0 holds the rounding of the others: smaller ones than this share of the largest are measured by it. */
const SMALLEST_LEAF = 1e-3;

const linearity: Law = {
  name: "linearity",
  says: "the pullback is linear: vjp(a·ȳ + b·ȳ′) = a·vjp(ȳ) + b·vjp(ȳ′)",
  tolerance: tolerances.linearity,
  error: async (engine, trial, draw) => {
    const [a, b] = [draw.real(-2, 2), draw.real(-2, 2)];
    const [first, second] = [drawnCotangents(draw), drawnCotangents(draw)];
    const both: CotangentOf = (name, shape: Shape) => {
      const [x, y] = [first(name, shape), second(name, shape)];
      return { shape, data: x.data.map((value, i) => a * value + b * (y.data[i] ?? NaN)) };
    };
    const [ofFirst, ofSecond] = [await gradients(engine, trial, first), await gradients(engine, trial, second)];
    const sum = mapLeaves(ofFirst, (g, name) => combine({ shape: g.shape, data: g.data.map((x) => a * x) }, b, ofSecond.get(name)));
    return gapOfLeaves(await gradients(engine, trial, both), sum, scaleOf(sum) * SMALLEST_LEAF);
  },
};

const purity: Law = {
  name: "purity",
  says: "two runs give the same bits, and so does the rematerialised op",
  tolerance: tolerances.exact,
  error: async (engine, trial, draw) => {
    const cotangentOf = drawnCotangents(draw);
    const once = await gradients(engine, trial, cotangentOf);
    const again = await evaluate(engine, (k) => trial.gradientsAgain(k, cotangentOf));
    return Math.max(gapOfLeaves(await gradients(engine, trial, cotangentOf), once), gapOfLeaves(again, once));
  },
};

const immutability: Law = {
  name: "immutability",
  says: "no input and no attr changes a bit, forwards or backwards",
  tolerance: tolerances.exact,
  error: async (engine, trial, draw) => {
    const cotangentOf = drawnCotangents(draw);
    const [before, after] = [false, true].map((run) => evaluate(engine, (k) => trial.handed(k, cotangentOf, run)));
    return gapOfLeaves((await after) ?? new Map(), (await before) ?? new Map());
  },
};

const memory: Law = {
  name: "memory",
  says: "after a call that fails, as many bytes are live as before it",
  tolerance: tolerances.exact,
  error: async (engine, trial) => {
    const before = engine.memory().live;
    const failAtTheEnd = (): never => {
      throw new Error("planted");
    };
    const failing = observe(engine.kernels, { after: failAtTheEnd });
    const failed = await evaluate(engine, () => trial.forward(failing, new Map())).then(
      () => false,
      () => true,
    );
    return failed && engine.memory().live === before ? 0 : Infinity;
  },
};

/** Draws are of order 1, and so are the terms of an output that cancels (a divergence of near distributions). */
const UNIT = 1;

const value: Law = {
  name: "value",
  says: "the output is that of plain loops over numbers",
  tolerance: tolerances.equation,
  error: async (engine, trial) =>
    trial.expected === null ? 0 : gapOfLeaves(await outputs(engine, trial, new Map()), trial.expected, UNIT),
};

/** Every op owes these. */
export const laws: readonly Law[] = [shapes, value, directional, linearity, purity, immutability, memory];

/** How much of its tolerance an error uses; all and more if it is not a number. */
function shareOf(error: number, { bound }: Tolerance): number {
  if (error === 0) return 0;
  return bound === 0 || Number.isNaN(error) ? Infinity : error / bound;
}

/** The largest share that any law uses of its tolerance, in one drawn call; and that law. */
export async function worstLaw(subject: Subject, engine: Engine, draw: Draw): Promise<{ readonly share: number; readonly law: string }> {
  const trial = subject.trial(draw);
  let worst = { share: 0, law: "" };
  for (const law of laws) {
    const share = shareOf(await law.error(engine, trial, draw), law.tolerance);
    if (share > worst.share) worst = { share, law: law.name };
  }
  return worst;
}
