/** A row of `deit check`: one claim, tried on many random cases. */
import type { Engine } from "../kernels/engine.ts";
import { DeviceLostError } from "../tensor/errors.ts";
import { fold, keyOf } from "../tensor/key.ts";
import { drawOf, type Draw } from "./draw.ts";
import type { Engines } from "./engines.ts";
import type { Tolerance } from "./tolerance.ts";

export interface Row {
  /** `E4`, `G10` or `op/layerNorm`. */
  readonly id: string;
  /** What it says. */
  readonly title: string;
  readonly tolerance: Tolerance;
  /** No engine computes this; `error` uses none. */
  readonly host?: true;
  /** The error of one random case: at most the bound of the engine's precision if the claim holds. */
  readonly error: (engine: Engine, draw: Draw, reference: Engine) => number | Promise<number>;
}

export interface RowReport {
  readonly id: string;
  readonly title: string;
  readonly cases: number;
  /** The largest error met; Infinity where a case threw or met NaN. */
  readonly worst: number;
  /** The bound that was used: that of the engine's precision. */
  readonly tolerance: number;
  readonly status: "ok" | "off";
  readonly host?: true;
  /** The first case that was off, and the error it threw if it did. */
  readonly failure?: string;
}

export interface RunOptions {
  readonly cases: number;
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
