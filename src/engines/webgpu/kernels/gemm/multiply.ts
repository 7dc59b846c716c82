/** Products of tensors, as they are planned. */
import type { Tensor } from "../../../../tensor/tensor.ts";
import type { Extent } from "../../machine.ts";
import { variants, type Storage } from "../../program.ts";
import type { Access } from "../../run.ts";
import type { Product, Stored } from "./form.ts";
import { gemmPlan } from "./plan.ts";

/** Numbers of f16 that are kept beside a tensor. */
export type Halves = Extent;

/** A part of a tensor's memory. */
export interface Piece extends Extent {
  readonly storage: Storage;
}

export interface Terms {
  readonly a: Tensor;
  readonly b: Tensor | Halves;
  /** Added to each row, [n]; null: nothing is. */
  readonly bias: Tensor | null;
  /** Of the product, before the bias is added. */
  readonly scale: number;
}

/** C = s A B + b */
export type Multiply = (c: Tensor | Piece, terms: Terms, product: Product) => void;

export function multiplier({ facts, precision, run, storage, scratch }: Access): Multiply {
  const planned = variants((product: Product, stored: Stored, scale: number) => gemmPlan(product, stored, scale, facts));
  return (c, { a, b, bias, scale }, product) => {
    if (product.batch * product.m * product.n === 0) return;
    const ofB = "address" in b ? "f16" : storage(b);
    const stored = {
      a: storage(a),
      b: ofB,
      c: "address" in c ? c.storage : storage(c),
      bias: bias === null ? null : storage(bias),
      factors: precision,
    };
    const { product: launch, sums } = planned(product, stored, scale);
    const added = bias === null ? [] : [bias];
    if (sums === null) return run(launch, c, a, b, ...added);
    run(launch, scratch, a, b);
    run(sums, c, scratch, ...added);
  };
}
