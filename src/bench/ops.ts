/** `deit bench op`: each case on the engine as it is, and where it has a fused kernel also on its basis kernels: the ratio is the gain. */
import type { Engine } from "../kernels/engine.ts";
import type { FusedTable, Kernels } from "../kernels/kernels.ts";
import type { OpBench, OpCase } from "./opBench.ts";
import { paired } from "./paired.ts";
import { gflops, type PeakMeter } from "./peak.ts";
import type { Spread } from "./statistics.ts";
import { timed, type TimingOptions, type Work } from "./timing.ts";

export interface OpRow {
  readonly op: string;
  readonly title: string;
  readonly phase: OpCase["phase"];
  readonly ms: Spread;
  /** Of its matrix products; null: it has none. */
  readonly gflops: number | null;
  /** The same as a share of the register peak; null: it has none, or the peak says nothing of the engine. */
  readonly against: { readonly peakGflops: number; readonly ratio: number; readonly kept: number; readonly taken: number } | null;
  /** Without any fused kernel; null: it has none, and is the same. */
  readonly unfused: { readonly ms: Spread; readonly gain: number } | null;
}

const nothingFused: FusedTable = { get: () => undefined };

/** Whether any fused kernel takes part in the cases. */
function usesFused(k: Kernels, cases: OpBench["cases"]): boolean {
  const { fused } = k.scope;
  let used = false;
  const get: FusedTable["get"] = (op) => {
    const kernel = fused.get(op);
    used ||= kernel !== undefined;
    return kernel;
  };
  return k.region("watched", () => {
    for (const { work } of cases(k.within({ fused: { get } }))) once(work);
    return used;
  });
}

function once({ before, run }: Work): void {
  before?.();
  run();
}

/** Multiply–adds of one run. */
function macsOf(engine: Engine, work: Work): number {
  const { macs } = engine.counters();
  once(work);
  return engine.counters().macs - macs;
}

export interface OpTimingOptions extends TimingOptions {
  /** null: an engine that the register peak says nothing of. */
  readonly peak: PeakMeter | null;
}

/** Time and, where there are products, rate; with a peak, paired with it. */
function timing(work: Work, macs: number, { peak, ...options }: OpTimingOptions): Pick<OpRow, "ms" | "gflops" | "against"> {
  if (macs > 0 && peak !== null) {
    const { ms, gflops: rate, ...against } = paired(work, 2 * macs, peak, options);
    return { ms, gflops: rate, against };
  }
  const ms = timed(work, options);
  return { ms, gflops: macs === 0 ? null : gflops(2 * macs, ms.median), against: null };
}

/** The rows of one file, in its order. */
export function benchOp(engine: Engine, { name, cases }: OpBench, options: OpTimingOptions, onRow: (row: OpRow) => void): readonly OpRow[] {
  const { kernels: k } = engine;
  const spreads = (on: Kernels): readonly Spread[] => k.region("bench op", () => cases(on).map(({ work }) => timed(work, options)));
  const plain = usesFused(k, cases) ? spreads(k.within({ fused: nothingFused })) : [];
  return k.region("bench op", () =>
    cases(k).map(({ title, phase, work }, i) => {
      const found = timing(work, macsOf(engine, work), options);
      const slower = plain[i];
      const unfused = slower === undefined ? null : { ms: slower, gain: slower.median / found.ms.median };
      const row = { op: name, title, phase, ...found, unfused };
      onRow(row);
      return row;
    }),
  );
}
