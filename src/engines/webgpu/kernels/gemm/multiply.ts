/** Products of tensors, as they are planned. */
import type { Tensor } from "../../../../tensor/tensor.ts";
import type { Storage } from "../../program.ts";
import type { Access } from "../../run.ts";
import { variants } from "../../program.ts";
import type { Product, Stored } from "./form.ts";
import { gemmPlan } from "./plan.ts";

export interface Factors {
  readonly a: Tensor;
  readonly b: Tensor;
  /** Added to each row of C, [n]; null: nothing is. */
  readonly bias: Tensor | null;
  /** Of the product, before the bias. */
  readonly scale: number;
  /** What A and B are rounded to. */
  readonly operands: Storage;
}

/** C = s A B + b */
export type Multiply = (c: Tensor, factors: Factors, product: Product) => void;

export function multiplier({ facts, run, storage, scratch }: Access): Multiply {
  const planned = variants((product: Product, stored: Stored, scale: number) => gemmPlan(product, stored, scale, facts));
  return (c, { a, b, bias, scale, operands }, product) => {
    if (product.batch * product.m * product.n === 0) return;
    const stored = { a: storage(a), b: storage(b), c: storage(c), bias: bias === null ? null : storage(bias), operands };
    const { product: launch, sums } = planned(product, stored, scale);
    const added = bias === null ? [] : [bias];
    if (sums === null) return run(launch, c, a, b, ...added);
    run(launch, scratch, a, b);
    run(sums, c, scratch, ...added);
  };
}
