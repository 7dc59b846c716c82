/** The laws of any op: each is a claim about one random call, with its error. */
import type { FusedTable, Kernels } from "../../kernels/kernels.ts";
import { observe, unfused } from "../../ops/observe.ts";
import type { Shape } from "../../tensor/tensor.ts";
import { gapOfGradients, gapOfLeaves, scaleOf } from "../close.ts";
import type { Draw } from "../draw.ts";
import type { Engines } from "../engines.ts";
import { gradientLaw } from "./gradientLaw.ts";
import { evaluate, type Leaves } from "../host.ts";
import { combine, drawnCotangents, gradients, mapLeaves, outputs, type Law } from "./law.ts";
import type { CotangentOf, Subject } from "./subject.ts";
import { tolerances, type Bound } from "../tolerance.ts";

export { type Law } from "./law.ts";

const shapes: Law = {
  name: "shapes",
  says: "each input has a gradient, of the input's shape",
  tolerance: tolerances.exact,
  error: async (engine, trial, draw) => {
    const text = (leaves: Leaves): string =>
      [...leaves]
        .map(([name, { shape }]) => `${name} ${shape.join()}`)
        .toSorted()
        .join("; ");
    return text(await gradients(engine, trial, drawnCotangents(draw).cotangentOf)) === text(trial.inputs) ? 0 : Infinity;
  },
};

/** Draws are of order 1, and so are the terms of an output in which they cancel (a divergence of similar distributions). */
const UNIT = 1;

const value: Law = {
  name: "value",
  says: "the output equals that of plain loops over numbers",
  tolerance: tolerances.equation,
  error: async (engine, trial) =>
    trial.expected === null ? 0 : gapOfLeaves(await outputs(engine, trial, new Map()), trial.expected, UNIT),
};

const linearity: Law = {
  name: "linearity",
  says: "the VJP is linear in the cotangent: vjp(a·ȳ + b·ȳ′) = a·vjp(ȳ) + b·vjp(ȳ′)",
  tolerance: tolerances.linearity,
  error: async (engine, trial, draw) => {
    const [a, b] = [draw.real(-2, 2), draw.real(-2, 2)];
    const [first, second] = [drawnCotangents(draw), drawnCotangents(draw)];
    const both: CotangentOf = (name, shape: Shape) => {
      const [x, y] = [first.cotangentOf(name, shape), second.cotangentOf(name, shape)];
      return { shape, data: x.data.map((value, i) => a * value + b * (y.data[i] ?? NaN)) };
    };
    const [ofFirst, ofSecond] = [await gradients(engine, trial, first.cotangentOf), await gradients(engine, trial, second.cotangentOf)];
    const sum = mapLeaves(ofFirst, (g, name) => combine({ shape: g.shape, data: g.data.map((x) => a * x) }, b, ofSecond.get(name)));
    const terms = Math.max(
      ...[ofFirst, first.drawn].map((leaves) => Math.abs(a) * scaleOf(leaves)),
      ...[ofSecond, second.drawn].map((leaves) => Math.abs(b) * scaleOf(leaves)),
    );
    return gapOfGradients(await gradients(engine, trial, both), sum, terms, engine.precision);
  },
};

const purity: Law = {
  name: "purity",
  says: "two runs give bitwise identical gradients, and so does the rematerialised op",
  tolerance: tolerances.exact,
  error: async (engine, trial, draw) => {
    const { cotangentOf } = drawnCotangents(draw);
    const once = await gradients(engine, trial, cotangentOf);
    const again = await evaluate(engine, (k) => trial.gradientsAgain(k, cotangentOf));
    return Math.max(gapOfLeaves(await gradients(engine, trial, cotangentOf), once), gapOfLeaves(again, once));
  },
};

const immutability: Law = {
  name: "immutability",
  says: "neither forward nor vjp changes a bit of inputs or attrs",
  tolerance: tolerances.exact,
  error: async (engine, trial, draw) => {
    const { cotangentOf } = drawnCotangents(draw);
    const [before, after] = [false, true].map((run) => evaluate(engine, (k) => trial.handed(k, cotangentOf, run)));
    return gapOfLeaves((await after) ?? new Map(), (await before) ?? new Map());
  },
};

const memory: Law = {
  name: "memory",
  says: "after a call that fails, as many bytes are in use as before it",
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

const parity: Law = {
  name: "parity",
  says: "the fused kernel equals the op's definition in output, saved record and gradients",
  tolerance: tolerances.parity,
  error: async (engine, trial, draw) => {
    const { cotangentOf, drawn } = drawnCotangents(draw);
    let fused = false;
    const watched = (k: Kernels): Kernels => {
      const get: FusedTable["get"] = (op) => {
        const kernel = k.scope.fused.get(op);
        fused ||= kernel !== undefined;
        return kernel;
      };
      return k.within({ fused: { get } });
    };
    const grads = await evaluate(engine, (k) => trial.gradients(watched(k), cotangentOf));
    if (!fused) return 0; // everything ran by definition
    const result = await evaluate(engine, (k) => trial.forward(k, new Map()));
    return Math.max(
      gapOfLeaves(result, await evaluate(engine, (k) => trial.forward(unfused(k), new Map())), UNIT),
      gapOfGradients(grads, await evaluate(engine, (k) => trial.gradients(unfused(k), cotangentOf)), scaleOf(drawn), engine.precision),
    );
  },
};

/** The laws that every op must obey. */
export const laws: readonly Law[] = [shapes, value, gradientLaw, linearity, purity, immutability, memory, parity];

/** An error as a share of its tolerance; Infinity if it is not a number. */
function shareOf(error: number, { bound }: Bound): number {
  if (error === 0) return 0;
  return bound === 0 || Number.isNaN(error) ? Infinity : error / bound;
}

/** The largest error of these laws in one random call, as a share of the law's tolerance; and that law. */
export async function worstLaw(
  subject: Subject,
  { engine, reference }: Engines,
  draw: Draw,
  among: readonly Law[] = laws,
): Promise<{
  /** The largest error as a share of its law's tolerance; more than 1 breaks the law. */
  readonly share: number;
  /** The name of that law. */
  readonly law: string;
}> {
  const trial = subject.trial(draw);
  let worst = { share: 0, law: "" };
  for (const law of among) {
    const share = shareOf(await law.error(engine, trial, draw, reference), law.tolerance[engine.precision]);
    if (share > worst.share) worst = { share, law: law.name };
  }
  return worst;
}
