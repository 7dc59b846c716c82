/** The errors of each op on random calls: of its output against the reference engine, and of the laws of gradients and parity. */
import { gapOfLeaves } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import type { Engines } from "../../src/check/engines.ts";
import { outputs, type Law } from "../../src/check/laws/law.ts";
import { laws } from "../../src/check/laws/laws.ts";
import type { Subject } from "../../src/check/laws/subject.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import type { Precision } from "../../src/kernels/engine.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";

export interface OpError {
  readonly op: string;
  readonly what: string;
  /** Worst error, as a share of the expected tensor's scale. */
  readonly worst: number;
  /** The same in units in the last place, for a scale that is a power of two. */
  readonly ulps: number;
  /** The same as a share of the tolerance. */
  readonly share: number;
}

/** The unit in the last place of 1. */
const ULP_OF_1: { readonly [P in Precision]: number } = { f64: 2 ** -52, f32: 2 ** -23, f16: 2 ** -10 };

/** The scale that the law of value uses. */
const UNIT = 1;

const forward: Pick<Law, "name" | "tolerance" | "error"> = {
  name: "forward",
  tolerance: tolerances.equation,
  error: async (engine, trial, _, reference) =>
    gapOfLeaves(await outputs(engine, trial, new Map()), await outputs(reference, trial, new Map()), UNIT),
};

const measures = [forward, ...laws.filter(({ name }) => name === "gradients" || name === "parity")];

/** One result for each measure. `n` distinguishes subjects of the same name. */
export async function opErrors(subject: Subject, n: number, { engine, reference }: Engines, cases: number): Promise<readonly OpError[]> {
  const { precision } = engine;
  const worst = new Map<string, number>();
  for (let i = 0; i < cases; i++) {
    const draw = drawOf(fold(fold(fold(keyOf(0), subject.name), n), i), precision);
    const trial = subject.trial(draw);
    for (const { name, error } of measures) worst.set(name, Math.max(worst.get(name) ?? 0, await error(engine, trial, draw, reference)));
  }
  return measures.map(({ name, tolerance }) => {
    const error = worst.get(name) ?? NaN;
    return { op: subject.name, what: name, worst: error, ulps: error / ULP_OF_1[precision], share: error / tolerance[precision].bound };
  });
}
