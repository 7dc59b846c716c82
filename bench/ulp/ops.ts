/** How far each op is off: its laws of value, gradients and parity, on the calls that `deit check` draws. */
import { drawOf } from "../../src/check/draw.ts";
import type { Engines } from "../../src/check/engines.ts";
import { laws } from "../../src/check/laws.ts";
import type { Subject } from "../../src/check/subject.ts";
import type { Precision } from "../../src/kernels/engine.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";

export interface OpError {
  readonly op: string;
  readonly law: string;
  /** Share of the expected tensor's scale. */
  readonly worst: number;
  /** The same in units in the last place of a scale that is a power of two. */
  readonly ulps: number;
  /** Of what the law allows. */
  readonly share: number;
}

/** Unit in the last place of 1. */
const ULP_OF_1: { readonly [P in Precision]: number } = { f64: 2 ** -52, f32: 2 ** -23 };

const shown = laws.filter(({ name }) => ["value", "gradients", "parity"].includes(name));

/** A line for each of these laws. `n` keeps apart the subjects of one name. */
export async function opErrors(subject: Subject, n: number, { engine, reference }: Engines, cases: number): Promise<readonly OpError[]> {
  const { precision } = engine;
  const worst = new Map<string, number>();
  for (let i = 0; i < cases; i++) {
    const draw = drawOf(fold(fold(fold(keyOf(0), subject.name), n), i), precision);
    const trial = subject.trial(draw);
    for (const { name, error } of shown) worst.set(name, Math.max(worst.get(name) ?? 0, await error(engine, trial, draw, reference)));
  }
  return shown.map(({ name, tolerance }) => {
    const error = worst.get(name) ?? NaN;
    return { op: subject.name, law: name, worst: error, ulps: error / ULP_OF_1[precision], share: error / tolerance[precision].bound };
  });
}
