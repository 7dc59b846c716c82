/** `deit bench gemm`: matrix multiplications, packing included; on WASM as shares of the measured peak. */
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { fold, keyOf } from "../tensor/key.ts";
import type { AsynchronousEngine } from "./asynchronous.ts";
import { bareKernels } from "./bareKernels.ts";
import { timedByDevice } from "./deviceTiming.ts";
import { paired } from "./paired.ts";
import { gflops, peakMeter } from "./peak.ts";
import { flopOf, shapeText, type GemmForm, type GemmShape } from "./gemmShapes.ts";
import { geometricMean, type Spread } from "./statistics.ts";
import { timed, type TimingOptions, type Work } from "./timing.ts";

export interface GemmRow {
  readonly shape: string;
  readonly form: GemmForm;
  readonly ms: Spread;
  readonly gflops: number;
  /** null: the measured peak does not apply to the engine. */
  readonly against: { readonly peakGflops: number; readonly ratio: number; readonly kept: number; readonly taken: number } | null;
}

/** Called with each row as soon as it is timed. */
type OnRow = (row: GemmRow) => void;

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const key = keyOf(0);

/** Times the WASM kernel itself, on a memory of its own. */
export async function wasmGemm(shapes: readonly GemmShape[], options: TimingOptions, onRow: OnRow): Promise<readonly GemmRow[]> {
  const elements = Math.max(...shapes.map(({ m, k, n }) => m * k + k * n + m * n));
  const { wasm, free } = await bareKernels(elements * BYTES);
  wasm.uniform(free, elements, ...key.words); // zeros or infinities might be faster or slower
  const peak = await peakMeter(options.clock);
  const work = ({ form, m, k, n }: GemmShape): Work => {
    const [a, b, c] = [free, free + m * k * BYTES, free + (m * k + k * n) * BYTES];
    const [ta, tb] = [form === "TN", form === "NT"];
    return { run: () => wasm.gemm(c, n, a, ta ? m : k, b, tb ? k : n, 0, m, n, k, ta, tb, false) };
  };
  return shapes.map((shape) => {
    const { ms, gflops, ...against } = paired(work(shape), flopOf(shape), peak, options);
    const row = { shape: shapeText(shape), form: shape.form, ms, gflops, against };
    onRow(row);
    return row;
  });
}

/** A matrix multiplication of random factors on an engine. */
function gemmWork(k: Kernels, { form, m, k: depth, n }: GemmShape): Work {
  const [ta, tb] = [form === "TN", form === "NT"];
  const a = k.uniform(fold(key, "a"), ta ? [depth, m] : [m, depth]);
  const b = k.uniform(fold(key, "b"), tb ? [n, depth] : [depth, n]);
  const run = (): void =>
    k.region("gemm", () => {
      k.matmul(a, b, { ta, tb });
    });
  return { run };
}

const engineRow = (shape: GemmShape, ms: Spread): GemmRow => ({
  shape: shapeText(shape),
  form: shape.form,
  ms,
  gflops: gflops(flopOf(shape), ms.median),
  against: null,
});

/** Times the same on an engine. */
export function engineGemm({ kernels: k }: Engine, shapes: readonly GemmShape[], options: TimingOptions, onRow: OnRow): readonly GemmRow[] {
  return shapes.map((shape) =>
    k.region("bench gemm", () => {
      const row = engineRow(shape, timed(gemmWork(k, shape), options));
      onRow(row);
      return row;
    }),
  );
}

/** Times the same on an asynchronous engine. */
export async function asynchronousGemm(
  engine: AsynchronousEngine,
  shapes: readonly GemmShape[],
  repetitions: number,
  onRow: OnRow,
): Promise<readonly GemmRow[]> {
  const rows: GemmRow[] = [];
  for (const shape of shapes) {
    const spreads = await timedByDevice(engine, () => [gemmWork(engine.kernels, shape)], repetitions);
    const found = spreads.map((ms) => engineRow(shape, ms));
    found.forEach(onRow);
    rows.push(...found);
  }
  return rows;
}

/** Geometric mean of the ratios of the forward form (NT). */
export const forwardRatio = (rows: readonly GemmRow[]): number =>
  geometricMean(rows.flatMap(({ form, against }) => (form === "NT" && against !== null ? [against.ratio] : [])));
