/**
 * `deit bench op`: the time of each case on an engine and its share of the bound (roofline.ts). If a fused kernel takes part, the case is also
 * timed on basis kernels alone; the ratio of the two times is the gain.
 */
import type { Engine } from "../kernels/engine.ts";
import type { FusedTable, Kernels } from "../kernels/kernels.ts";
import type { AsynchronousEngine } from "./asynchronous.ts";
import { timedByDevice } from "./deviceTiming.ts";
import type { OpBench, OpCase } from "./opBench.ts";
import { gflops } from "./peak.ts";
import { flopOfCases, underRoof, type Meters, type Roofline } from "./roofline.ts";
import { spreadOf, type Spread } from "./statistics.ts";
import { timed, type TimingOptions, type Work } from "./timing.ts";

export interface OpRow {
  readonly op: string;
  readonly title: string;
  readonly phase: OpCase["phase"];
  readonly ms: Spread;
  /** Rate of its matrix multiplications; null: it has none. */
  readonly gflops: number | null;
  /** null: the measured peak does not apply to this engine. */
  readonly roofline: Roofline | null;
  /** On basis kernels alone; null: no fused kernel takes part, so there would be no difference. */
  readonly unfused: { readonly ms: Spread; readonly gain: number } | null;
}

const nothingFused: FusedTable = { get: () => undefined };

/** Whether a fused kernel takes part in any of the cases. */
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

interface AboutCase extends Pick<OpCase, "title" | "phase"> {
  /** Multiply–adds. */
  readonly macs: number;
}

/**
 * A row without a roofline.
 *
 * @param slower the time on basis kernels alone; undefined: no fused kernel takes part
 */
const rowOf = (op: string, { title, phase, macs }: AboutCase, ms: Spread, slower: Spread | undefined): OpRow => ({
  op,
  title,
  phase,
  ms,
  gflops: macs === 0 ? null : gflops(2 * macs, ms.median),
  roofline: null,
  unfused: slower === undefined ? null : { ms: slower, gain: slower.median / ms.median },
});

export interface OpOptions extends TimingOptions {
  /** Measure the bounds of an op; null: not possible on this engine. */
  readonly meters: Meters | null;
}

/** The rows of one file of bench/ops, in the order of its cases. */
export function benchOp(engine: Engine, bench: OpBench, { meters, ...options }: OpOptions, onRow: (row: OpRow) => void): readonly OpRow[] {
  const { name, cases } = bench;
  const { kernels: k } = engine;
  const spreads = (on: Kernels): readonly Spread[] => k.region("bench op", () => cases(on).map(({ work }) => timed(work, options)));
  const plain = usesFused(k, cases) ? spreads(k.within({ fused: nothingFused })) : [];
  const flops = flopOfCases(bench);
  return k.region("bench op", () =>
    cases(k).map(({ title, phase, bytes, work }, i) => {
      const macs = macsOf(engine, work);
      const found = meters === null ? null : underRoof(work, { bytes, flop: flops[i] ?? NaN }, meters, options);
      const ms = found === null ? timed(work, options) : spreadOf(found.ms);
      const row = { ...rowOf(name, { title, phase, macs }, ms, plain[i]), roofline: found?.roofline ?? null };
      onRow(row);
      return row;
    }),
  );
}

/** The same on an asynchronous engine. */
export async function benchOpAsynchronous(
  engine: AsynchronousEngine,
  { name, cases }: OpBench,
  repetitions: number,
  onRow: (row: OpRow) => void,
): Promise<readonly OpRow[]> {
  const { kernels: k } = engine;
  const worksOn = (on: Kernels) => (): readonly Work[] => cases(on).map(({ work }) => work);
  const plain = usesFused(k, cases) ? await timedByDevice(engine, worksOn(k.within({ fused: nothingFused })), repetitions) : [];
  const about = k.region("about", () => cases(k).map(({ title, phase, work }) => ({ title, phase, macs: macsOf(engine, work) })));
  const spreads = await timedByDevice(engine, worksOn(k), repetitions);
  return about.flatMap((one, i) => {
    const ms = spreads[i];
    const rows = ms === undefined ? [] : [rowOf(name, one, ms, plain[i])];
    rows.forEach(onRow);
    return rows;
  });
}
