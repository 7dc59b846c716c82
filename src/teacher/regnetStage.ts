/** A stage: the blocks of `params` in sequence, the first of which halves the image. */
import type { Kernels } from "../kernels/kernels.ts";
import { defineOp, type Grads, type Layer, type Op, type Result } from "../ops/op.ts";
import type { BatchNormBuffers, Normed, NormOp } from "./batchNorm.ts";
import { blocksOf, type Blocks } from "./norms.ts";
import { regnetBlockOf, type BlockNorms, type RegnetBlockAttrs, type RegnetBlockParams, type RegnetBlockSaved } from "./regnetBlock.ts";

/** Settings of a stage that are not trained. */
export interface RegnetStageAttrs extends Omit<RegnetBlockAttrs, "stride" | "running"> {
  /** Running statistics, block by block. */
  readonly running: Blocks<BlockNorms<BatchNormBuffers>>;
}

/** A stage of RegNetY, for training or for evaluation. */
export type RegnetStageOp<Stats> = Op<
  Layer<Blocks<RegnetBlockParams>>,
  readonly RegnetBlockSaved[],
  RegnetStageAttrs,
  Normed<Blocks<BlockNorms<Stats>>>
>;

/** The stride of the stem and of the first block of each stage. */
export const HALVING = 2;

/** [B, C, H, W] → [B, w, H/2, W/2], rounded up; `norm` as in convNorm.ts. */
export function regnetStageOf<Stats>(norm: NormOp<Stats>): RegnetStageOp<Stats> {
  const block = regnetBlockOf(norm);

  function forward(
    k: Kernels,
    { x, params }: Layer<Blocks<RegnetBlockParams>>,
    { eps, groupWidth, running }: RegnetStageAttrs,
  ): Result<Normed<Blocks<BlockNorms<Stats>>>, readonly RegnetBlockSaved[]> {
    let y = x;
    const stats: { [name: `b${number}`]: BlockNorms<Stats> } = {};
    const saved: RegnetBlockSaved[] = [];
    for (const [i, [name, blockParams]] of blocksOf(params).entries()) {
      const buffers = running[name];
      if (buffers === undefined) throw new RangeError(`regnetStage: running must have ${name}, because params has it`);
      const attrs = { eps, groupWidth, stride: i === 0 ? HALVING : 1, running: buffers };
      const next = block.forward(k.at(name).last(y), { x: y, params: blockParams }, attrs);
      y = next.out.y;
      stats[name] = next.out.stats.constant;
      saved.push(next.saved);
    }
    return { out: { y, stats: { constant: stats } }, saved };
  }

  function vjp(
    k: Kernels,
    saved: readonly RegnetBlockSaved[],
    { y: dy }: Grads<Normed<Blocks<BlockNorms<Stats>>>>,
  ): Grads<Layer<Blocks<RegnetBlockParams>>> {
    let dx = dy;
    const params: [`b${number}`, Grads<RegnetBlockParams>][] = [];
    for (const [i, blockSaved] of [...saved.entries()].toReversed()) {
      const name = `b${i + 1}` as const;
      const d = block.vjp(k.at(name).last(dx), blockSaved, { y: dx, stats: null });
      dx = d.x;
      params.unshift([name, d.params]);
    }
    return { x: dx, params: Object.fromEntries(params) };
  }

  return defineOp({ name: "regnetStage", shapes: { inputs: { x: "B C H W" }, out: { y: "B O R Q" } }, forward, vjp });
}
