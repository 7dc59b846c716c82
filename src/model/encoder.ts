/** L blocks in sequence, L being the length of `params`. */
import type { Kernels } from "../kernels/kernels.ts";
import { dropoutAt } from "../ops/dropout.ts";
import type { Multipliers } from "../ops/dropPath.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BlockAttrs, BlockParams } from "./block.ts";

/** Settings of all blocks that are not trained. */
export interface EncoderAttrs extends Omit<BlockAttrs, "dropPath"> {
  /** The multipliers of each block (E31); null: no drop path. */
  readonly dropPath: readonly Multipliers[] | null;
}

/** `block`, or `rematerialise(block)`. */
export type BlockOp<Saved> = Op<Layer<BlockParams>, Saved, BlockAttrs>;

/** The encoder of blocks that save `Saved`. */
export type EncoderOp<Saved> = Op<Layer<readonly BlockParams[]>, readonly Saved[], EncoderAttrs>;

/** [B, T, D] → [B, T, D] */
export function encoderOf<Saved>(block: BlockOp<Saved>): EncoderOp<Saved> {
  function forward(k: Kernels, { x, params }: Layer<readonly BlockParams[]>, attrs: EncoderAttrs): Result<Tensor, readonly Saved[]> {
    let out = x;
    const saved: Saved[] = [];
    for (const [i, blockParams] of params.entries()) {
      const blockAttrs = { ...attrs, dropPath: attrs.dropPath?.[i] ?? null, dropout: dropoutAt(attrs.dropout, `blocks.${i}`) };
      const y = block.forward(k.at(`blocks.${i}`).last(out), { x: out, params: blockParams }, blockAttrs);
      out = y.out;
      saved.push(y.saved);
    }
    return { out, saved };
  }

  function vjp(k: Kernels, saved: readonly Saved[], dOut: Tensor): Grads<Layer<readonly BlockParams[]>> {
    let dx = dOut;
    const params: Grads<BlockParams>[] = [];
    for (const [i, blockSaved] of [...saved.entries()].toReversed()) {
      const d = block.vjp(k.at(`blocks.${i}`).last(dx), blockSaved, dx);
      dx = d.x;
      params.unshift(d.params);
    }
    return { x: dx, params };
  }

  return defineOp({ name: "encoder", inline: true, shapes: { inputs: { x: "B T D" }, out: "B T D" }, forward, vjp });
}
