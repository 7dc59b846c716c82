/** Matrix multiplication of tensors by the dispatches of a plan. */
import type { Tensor } from "../../../../tensor/tensor.ts";
import type { Storage } from "../../accessors.ts";
import type { Extent } from "../../machine.ts";
import { memoized } from "../../program.ts";
import type { Access } from "../../run.ts";
import type { GemmShape, GemmStorage } from "./format.ts";
import { gemmPlan } from "./plan.ts";

/** A copy of a tensor in f16, kept with it. */
export type F16Copy = Extent;

/** A part of a tensor's memory. */
export interface TensorSlice extends Extent {
  readonly storage: Storage;
}

export interface GemmOperands {
  readonly a: Tensor;
  readonly b: Tensor | F16Copy;
  /** [n], added to each row; null: there is none. */
  readonly bias: Tensor | null;
  /** [m], gets the sums of A's rows in f32; default: nothing does. */
  readonly rowSums?: Tensor;
  /** s, which multiplies the sums before the bias is added. */
  readonly scale: number;
}

/** C = s A B + b */
export type Multiply = (c: Tensor | TensorSlice, operands: GemmOperands, shape: GemmShape) => void;

export function matrixMultiplier({ capabilities, precision, run, storage, scratch }: Access): Multiply {
  const planFor = memoized((shape: GemmShape, stored: GemmStorage, scale: number) => gemmPlan(shape, stored, scale, capabilities));
  return (c, { a, b, bias, scale, rowSums }, shape) => {
    if (shape.batch * shape.m * shape.n === 0) return;
    const stored = {
      a: storage(a),
      b: "address" in b ? "f16" : storage(b),
      c: "address" in c ? c.storage : storage(c),
      bias: bias === null ? null : storage(bias),
      factors: precision,
      rowSums: rowSums !== undefined,
    } as const;
    const { gemm, reduction } = planFor(shape, stored, scale);
    const added = bias === null ? [] : [bias];
    const results = rowSums === undefined ? [c] : [c, rowSums];
    if (reduction === null) return run(gemm, ...results, a, b, ...added);
    run(gemm, scratch, a, b);
    run(reduction, ...results, scratch, ...added);
  };
}
