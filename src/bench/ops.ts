/** `deit bench op`: each case on the engine as it is, and where it has a fused kernel also on its basis kernels: the ratio is the gain. */
import type { Engine } from "../kernels/engine.ts";
import type { FusedTable, Kernels } from "../kernels/kernels.ts";
import type { OpBench, OpCase } from "./opBench.ts";
import { gflops } from "./peak.ts";
import type { Spread } from "./statistics.ts";
import { timed, type TimingOptions, type Work } from "./timing.ts";

export interface OpRow {
  readonly op: string;
  readonly title: string;
  readonly phase: OpCase["phase"];
  readonly ms: Spread;
  /** Of its matrix products; null: it has none. */
  readonly gflops: number | null;
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

/** The rows of one file, in its order. */
export function benchOp(engine: Engine, { name, cases }: OpBench, options: TimingOptions, onRow: (row: OpRow) => void): readonly OpRow[] {
  const { kernels: k } = engine;
  const spreads = (on: Kernels): readonly Spread[] => k.region("bench op", () => cases(on).map(({ work }) => timed(work, options)));
  const plain = usesFused(k, cases) ? spreads(k.within({ fused: nothingFused })) : [];
  return k.region("bench op", () =>
    cases(k).map(({ title, phase, work }, i) => {
      const macs = macsOf(engine, work);
      const ms = timed(work, options);
      const slower = plain[i];
      const unfused = slower === undefined ? null : { ms: slower, gain: slower.median / ms.median };
      const row = { op: name, title, phase, ms, gflops: macs === 0 ? null : gflops(2 * macs, ms.median), unfused };
      onRow(row);
      return row;
    }),
  );
}
