/** The contents of a file of bench/ops: an op or a routine on tensors of DeiT's sizes. The runner chooses the engine and the kernels. */
import type { Kernels } from "../kernels/kernels.ts";
import type { Op } from "../ops/op.ts";
import { fold, keyOf } from "../tensor/key.ts";
import { size, type Shape, type Tensor } from "../tensor/tensor.ts";
import { forEachTensor } from "../tensor/tree.ts";
import type { Work } from "./timing.ts";

export interface OpCase {
  /** Sizes for people to read: `198×192 → 768`. */
  readonly title: string;
  readonly phase: "forward" | "vjp" | "run";
  /** Bytes that it must read and write. */
  readonly bytes: number;
  readonly work: Work;
}

export interface OpBench {
  readonly name: string;
  /** Makes the cases and their tensors; call it in a region, which owns the tensors. */
  readonly cases: (k: Kernels) => readonly OpCase[];
}

export interface OpCall<In, Attrs> {
  readonly title: string;
  readonly inputs: In;
  readonly attrs: Attrs;
}

/** Sizes of DeiT-Ti⚗ at 224 (deit.md 4.1) under the paper's letters. */
export const tiny = { S: 224, p: 16, N: 196, T: 198, D: 192, h: 3, d: 64, M: 768, K: 1000 } as const;

/** `8×198×768` */
export const times = (...sizes: readonly number[]): string => sizes.join("×");

/** Standard deviation of the uniform distribution on [0, 1). */
const UNIT_DEVIATION = 12 ** -0.5;

/** Random numbers of mean 0 and deviation 1, different ones for each name. */
export const drawn = (k: Kernels, name: string, ...shape: Shape): Tensor =>
  k.region("drawn", () => k.scale(k.addScalar(k.uniform(fold(keyOf(0), name), shape), -1 / 2), 1 / UNIT_DEVIATION));

/** Bytes of reading the inputs and writing the outputs of a call, each tensor once. */
export function bytesMoved(inputs: unknown, outputs: unknown): number {
  const sizes = new Map<object, number>();
  for (const tree of [inputs, outputs]) forEachTensor(tree, ({ block, shape }) => sizes.set(block, size(shape)));
  return Float32Array.BYTES_PER_ELEMENT * [...sizes.values()].reduce((sum, count) => sum + count, 0);
}

/** Runs f in a region that frees its tensors. */
export const dropped =
  (k: Kernels, f: () => unknown): (() => void) =>
  () =>
    k.region("dropped", () => {
      f();
    });

/** The forward and the vjp of an op at several sizes, which mostly are batches. */
export const opBench = <In, Saved, Attrs, Size = number>(
  op: Op<In, Saved, Attrs>,
  sizes: readonly Size[],
  call: (k: Kernels, size: Size) => OpCall<In, Attrs>,
): OpBench => ({
  name: op.name,
  cases: (k) =>
    sizes.flatMap((size) => {
      const { title, inputs, attrs } = call(k, size);
      const { out, saved } = op.forward(k, inputs, attrs);
      const dOut = drawn(k, "dOut", ...out.shape);
      const forward = bytesMoved({ inputs, attrs }, { out, saved });
      const vjp = k.region("bytes", () => bytesMoved({ saved, dOut }, op.vjp(k, saved, dOut)));
      return [
        { title, phase: "forward", bytes: forward, work: { run: dropped(k, () => op.forward(k, inputs, attrs)) } },
        { title, phase: "vjp", bytes: vjp, work: { run: dropped(k, () => op.vjp(k, saved, dOut)) } },
      ] as const;
    }),
});
