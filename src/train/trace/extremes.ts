/** The extremes of a tensor, computed on its engine, so that only five numbers of each tensor are read. */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";

/** One number of a tensor. */
export interface Element {
  /** Its flat index. */
  readonly index: number;
  readonly value: number;
}

/** What is most suspicious in a tensor. */
export interface Extremes {
  /** The first number that is NaN or infinite; null: there is none. */
  readonly notFinite: Element | null;
  /** The number with the largest magnitude of those that are finite. */
  readonly largest: Element;
}

/** |a|, of numbers that are finite. */
const magnitude = (k: Kernels, a: Tensor): Tensor => k.mul(a, k.addScalar(k.scale(k.step(a), 2), -1));

/** The number of a, [1, n], at an index, [1]. The others are not selected, so they may be NaN. */
const elementAt = (k: Kernels, a: Tensor, index: Tensor): Tensor => {
  const n = size(a.shape);
  return k.sumLast(k.where(k.oneHot(index, n), a, k.zeros([1, n])));
};

/** Computes and reads the extremes; the tensor may be freed as soon as this returns. Indices are exact on an engine in f64. */
export async function extremesOf({ kernels: k, read }: Engine, t: Tensor): Promise<Extremes> {
  let reading: ReturnType<Engine["read"]> = Promise.resolve(new Float64Array());
  k.region("extremes", () => {
    const n = size(t.shape);
    const all = k.reshape(t, [1, n]);
    const finite = k.isFinite(all);
    const kept = k.where(finite, all, k.zeros([1, n]));
    const others = k.addScalar(k.scale(finite, -1), 1); // 1 where it is not finite
    const [first, largest] = [k.argmaxLast(others), k.argmaxLast(magnitude(k, kept))];
    const found = [k.sumLast(others), first, elementAt(k, all, first), largest, elementAt(k, kept, largest)];
    const parts = found.map((part) => k.reshape(part, [1]));
    reading = read(k.concat(parts, 0));
    return null;
  });
  const [count = 0, first = 0, value = 0, index = 0, most = 0] = await reading;
  return { notFinite: count === 0 ? null : { index: first, value }, largest: { index, value: most } };
}
