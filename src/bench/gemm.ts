/** `deit bench gemm`: matrix products with their packing, on WASM as shares of the register peak. */
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { fold, keyOf } from "../tensor/key.ts";
import type { AsynchronousEngine } from "./asynchronous.ts";
import { bareKernels } from "./bareKernels.ts";
import { timedByDevice } from "./deviceTiming.ts";
import { paired } from "./paired.ts";
import { gflops, peakMeter } from "./peak.ts";
import { flopOf, shapeText, type Form, type Product } from "./gemmShapes.ts";
import { geometricMean, type Spread } from "./statistics.ts";
import { timed, type TimingOptions, type Work } from "./timing.ts";

export interface GemmRow {
  readonly shape: string;
  readonly form: Form;
  readonly ms: Spread;
  readonly gflops: number;
  /** null: an engine that the register peak says nothing of. */
  readonly against: { readonly peakGflops: number; readonly ratio: number; readonly kept: number; readonly taken: number } | null;
}

/** Told of each row when it is timed. */
type OnRow = (row: GemmRow) => void;

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const key = keyOf(0);

/** The kernel itself, on a memory of its own. */
export async function wasmGemm(products: readonly Product[], options: TimingOptions, onRow: OnRow): Promise<readonly GemmRow[]> {
  const elements = Math.max(...products.map(({ m, k, n }) => m * k + k * n + m * n));
  const { wasm, free } = await bareKernels(elements * BYTES);
  wasm.uniform(free, elements, ...key.words); // zeros or infinities might be faster or slower
  const peak = await peakMeter(options.clock);
  const work = ({ form, m, k, n }: Product): Work => {
    const [a, b, c] = [free, free + m * k * BYTES, free + (m * k + k * n) * BYTES];
    const [ta, tb] = [form === "TN", form === "NT"];
    return { run: () => wasm.gemm(c, n, a, ta ? m : k, b, tb ? k : n, 0, m, n, k, ta, tb, false) };
  };
  return products.map((product) => {
    const { ms, gflops, ...against } = paired(work(product), flopOf(product), peak, options);
    const row = { shape: shapeText(product), form: product.form, ms, gflops, against };
    onRow(row);
    return row;
  });
}

/** A product as a kernel, of factors that are drawn. */
function productWork(k: Kernels, { form, m, k: depth, n }: Product): Work {
  const [ta, tb] = [form === "TN", form === "NT"];
  const a = k.uniform(fold(key, "a"), ta ? [depth, m] : [m, depth]);
  const b = k.uniform(fold(key, "b"), tb ? [n, depth] : [depth, n]);
  const run = (): void =>
    k.region("product", () => {
      k.matmul(a, b, { ta, tb });
    });
  return { run };
}

const engineRow = (product: Product, ms: Spread): GemmRow => ({
  shape: shapeText(product),
  form: product.form,
  ms,
  gflops: gflops(flopOf(product), ms.median),
  against: null,
});

/** The same products as kernels of an engine. */
export function engineGemm({ kernels: k }: Engine, products: readonly Product[], options: TimingOptions, onRow: OnRow): readonly GemmRow[] {
  return products.map((product) =>
    k.region("bench gemm", () => {
      const row = engineRow(product, timed(productWork(k, product), options));
      onRow(row);
      return row;
    }),
  );
}

/** The same on an asynchronous engine. */
export async function asideGemm(
  engine: AsynchronousEngine,
  products: readonly Product[],
  repetitions: number,
  onRow: OnRow,
): Promise<readonly GemmRow[]> {
  const rows: GemmRow[] = [];
  for (const product of products) {
    const spreads = await timedByDevice(engine, () => [productWork(engine.kernels, product)], repetitions);
    const found = spreads.map((ms) => engineRow(product, ms));
    found.forEach(onRow);
    rows.push(...found);
  }
  return rows;
}

/** Of the forward forms. */
export const forwardRatio = (rows: readonly GemmRow[]): number =>
  geometricMean(rows.flatMap(({ form, against }) => (form === "NT" && against !== null ? [against.ratio] : [])));
