/** A row of `deit check`: one claim, tried on many random cases. */
import type { Engine } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import { fold, keyOf } from "../../tensor/key.ts";
import { drawOf, type Draw } from "../draw.ts";
import type { Engines } from "../engines.ts";
import type { Tolerance } from "../tolerance.ts";

/** A claim with a way to measure how far one random case is from it: a row of `deit check`. */
export interface Row {
  /** `E4`, `G10` or `op/layerNorm`. */
  readonly id: string;
  /** What it says. */
  readonly title: string;
  /** Largest error that holds, for an engine of each precision. */
  readonly tolerance: Tolerance;
  /** No engine computes this; `error` uses none. */
  readonly host?: true;
  /** The error of one random case: at most the bound of the engine's precision if the claim holds. */
  readonly error: (engine: Engine, draw: Draw, reference: Engine) => number | Promise<number>;
}

/** What came of a row. */
export interface RowReport {
  /** `E4`, `G10` or `op/layerNorm`. */
  readonly id: string;
  /** What the row says. */
  readonly title: string;
  /** Cases that were run. */
  readonly cases: number;
  /** The largest error met; Infinity where a case threw or met NaN. */
  readonly worst: number;
  /** The bound that was used: that of the engine's precision. */
  readonly tolerance: number;
  /** `ok`: every error is within the tolerance; `off`: one is not, or a case threw. */
  readonly status: "ok" | "off";
  /** No engine computed this. */
  readonly host?: true;
  /** The first case that was off, and the error it threw if it did. */
  readonly failure?: string;
}

/** Which random cases a row is run on. */
export interface RunOptions {
  /** How many cases are drawn. */
  readonly cases: number;
  /** What they are drawn from: the same seed draws the same cases. */
  readonly seed: number;
}

/** Tries a row; stops at the first case that is off. Case i is a function of (seed, row, i), rounded to the engine's precision. */
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
      if (error instanceof DeviceLostError) throw error; // which says nothing of the row
      return report(i + 1, Infinity, `case ${i}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return report(cases, worst);
}
