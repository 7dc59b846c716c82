/** The rows of `deit check`: each is a claim, tried on many random cases. */
import type { Engine } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import { fold, keyOf } from "../../tensor/key.ts";
import { drawOf, type Draw } from "../draw.ts";
import type { Engines } from "../engines.ts";
import type { Tolerance } from "../tolerance.ts";

/** A row of `deit check`: a claim, and a function that measures its error in one random case. */
export interface Row {
  /** `E4`, `G10` or `op/layerNorm`. */
  readonly id: string;
  /** The claim. */
  readonly title: string;
  /** The largest error allowed, for an engine of each precision. */
  readonly tolerance: Tolerance;
  /** The claim is about code that runs on the host; `error` uses no engine. */
  readonly host?: true;
  /** The error of one random case. The claim holds if it is at most the bound of the engine's precision. */
  readonly error: (engine: Engine, draw: Draw, reference: Engine) => number | Promise<number>;
}

/** The result of a row. */
export interface RowReport {
  /** `E4`, `G10` or `op/layerNorm`. */
  readonly id: string;
  /** The row's claim. */
  readonly title: string;
  /** Number of cases that ran. */
  readonly cases: number;
  /** The largest error; Infinity if a case threw or its error is NaN. */
  readonly worst: number;
  /** The bound for the engine's precision. */
  readonly tolerance: number;
  /** `ok`: every error is within the tolerance; `off`: one is not, or a case threw. */
  readonly status: "ok" | "off";
  /** The row used no engine. */
  readonly host?: true;
  /** The first case that failed, with its error if it threw one. */
  readonly failure?: string;
}

/** Which random cases a row is run on. */
export interface RunOptions {
  /** Number of cases. */
  readonly cases: number;
  /** The seed from which they are drawn: the same seed draws the same cases. */
  readonly seed: number;
}

/** Runs a row, up to the first case that fails. Case i is a function of seed, row and i, rounded to the engine's precision. */
export async function runRow(row: Row, { engine, reference }: Engines, { cases, seed }: RunOptions): Promise<RowReport> {
  const { id, title, host } = row;
  const precision = host === true ? "f64" : engine.precision;
  const { bound } = row.tolerance[precision];
  const key = fold(keyOf(seed), id);
  const report = (done: number, worst: number, failure?: string): RowReport => ({
    id,
    title,
    cases: done,
    worst,
    tolerance: bound,
    status: failure === undefined ? "ok" : "off",
    ...(host === undefined ? {} : { host }),
    ...(failure === undefined ? {} : { failure }),
  });
  let worst = 0;
  for (let i = 0; i < cases; i++) {
    try {
      const error = await row.error(engine, drawOf(fold(key, i), precision), reference);
      worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
      if (worst > bound) return report(i + 1, worst, `case ${i}`);
    } catch (error) {
      if (error instanceof DeviceLostError) throw error; // it says nothing about the row
      return report(i + 1, Infinity, `case ${i}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return report(cases, worst);
}
