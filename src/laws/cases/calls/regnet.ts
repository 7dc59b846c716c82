/**
 * Random calls of the parts of RegNetY, in training and in evaluation, with the expected output by loops. None is near a kink.
 *
 * ε is never tiny: where only one input of a convolution varies, its weight only scales what the norm then normalises, so that the weight's gradient
 * is proportional to ε.
 */
import type { Draw } from "../../../check/draw.ts";
import { leavesOf, type Host, type HostArray, type Leaves } from "../../../check/host.ts";
import type { Layer } from "../../../ops/op.ts";
import type { BatchStats, Normed } from "../../../teacher/batchNorm.ts";
import { checkedRegnetConfig, type RegnetConfig } from "../../../teacher/config.ts";
import type { ConvNormAttrs, ConvNormParams, UnitNorm } from "../../../teacher/convNorm.ts";
import { blocksOf, stagesOf, type Blocks, type RegnetNorms } from "../../../teacher/norms.ts";
import type { RegnetAttrs, RegnetInputs, RegnetOut } from "../../../teacher/regnet.ts";
import type { BlockNorms, RegnetBlockAttrs, RegnetBlockParams } from "../../../teacher/regnetBlock.ts";
import type { RegnetStageAttrs } from "../../../teacher/regnetStage.ts";
import type { HostCall } from "../hostCall.ts";
import { evalNorm, need, regnetParts, trainNorm, type NamedNorm, type RegnetParts } from "../../loops/regnet.ts";
import { epsilonOfBlocks } from "../sizes.ts";
import { drawBlock, drawRegnet, drawStage, drawUnit } from "../teacherParams.ts";
import { drawUntil, marginOf, rectangle, spread } from "./teacher.ts";

/** Training or evaluation: the norms by loops, and the statistics that they report. */
export interface Mode<Stats> {
  readonly norm: (weights: Leaves, eps: number, seen: Map<string, HostArray>) => NamedNorm;
  readonly stats: (seen: Leaves, name: string) => Host<Stats>;
}

export const training: Mode<BatchStats> = {
  norm: trainNorm,
  stats: (seen, name) => ({ mean: need(seen, `${name}.mean`), variance: need(seen, `${name}.variance`) }),
};

export const evaluation: Mode<null> = { norm: evalNorm, stats: () => null };

/** The output by loops of a case that is not near a kink, and the statistics of each norm by its name. */
interface Clear<Stats> {
  readonly y: HostArray;
  readonly of: (norm: string) => Host<Stats>;
}

/**
 * Runs the loops with these weights. Null if the case is near a kink, if a channel is nearly constant, or if a ReLU passes all its inputs: the
 * next norm then removes the shift before the ReLU, whose gradient is 0.
 */
function clear<Stats>(
  draw: Draw,
  mode: Mode<Stats>,
  weights: Leaves,
  eps: number,
  groupWidth: number,
  run: (parts: RegnetParts) => HostArray,
): Clear<Stats> | null {
  const seen = new Map<string, HostArray>();
  const parts = regnetParts(weights, mode.norm(weights, eps, seen), groupWidth);
  const y = run(parts);
  const flat = [...seen].some(([name, a]) => name.endsWith(".variance") && !spread(a));
  return flat || parts.margin() < marginOf(draw) || !parts.mixed() ? null : { y, of: (norm) => mode.stats(seen, norm) };
}

/** Parameters and buffers under one set of names, as in a checkpoint. */
export const checkpoint = (trees: { readonly params: unknown; readonly running: unknown }, path = ""): Leaves =>
  new Map([...leavesOf(trees.params, path), ...leavesOf(trees.running, path)]);

/** Several images that are not square. */
const images = (draw: Draw, C: number, min: number, max: number): HostArray =>
  draw.array([draw.integer(2, 3), C, ...rectangle(draw, min, max)]);

/** A 1×1 or grouped 3×3 convolution and a norm, with or without a ReLU. */
export const unitCallOf =
  <Stats>(mode: Mode<Stats>, which: "unit" | "unitRelu") =>
  (draw: Draw): HostCall<Layer<ConvNormParams>, ConvNormAttrs, Normed<UnitNorm<Stats>>> =>
    drawUntil(() => {
      const [groups, I, side, stride, eps] = [
        draw.integer(1, 3),
        draw.integer(2, 3),
        draw.oneOf([1, 3]),
        draw.integer(1, 2),
        epsilonOfBlocks(draw),
      ];
      const { params, running } = drawUnit(draw, groups * draw.integer(1, 3), I, side);
      const x = images(draw, groups * I, 3, 5);
      const weights = checkpoint({ params, running }, "unit");
      const result = clear(draw, mode, weights, eps, 1, (parts) => parts[which](x, "unit", stride, groups));
      if (result === null) return null;
      const expected = { y: result.y, stats: { constant: { bn: result.of("unit.bn") } } };
      return { inputs: { x, params }, attrs: { eps, groups, stride, running }, expected };
    });

const blockStats = <Stats>({ of }: Clear<Stats>, params: Host<RegnetBlockParams>, name: string): Host<BlockNorms<Stats>> => ({
  conv1: { bn: of(`${name}.conv1.bn`) },
  conv2: { bn: of(`${name}.conv2.bn`) },
  conv3: { bn: of(`${name}.conv3.bn`) },
  downsample: params.downsample === null ? null : { bn: of(`${name}.downsample.bn`) },
});

/** The first block of a stage, with stride 1 or 2, or a later one. */
export const blockCallOf =
  <Stats>(mode: Mode<Stats>) =>
  (draw: Draw): HostCall<Layer<RegnetBlockParams>, RegnetBlockAttrs, Normed<BlockNorms<Stats>>> =>
    drawUntil(() => {
      const [first, groupWidth, eps] = [draw.oneOf([true, true, false]), draw.integer(1, 3), epsilonOfBlocks(draw)];
      const w = groupWidth * draw.integer(groupWidth === 1 ? 2 : 1, 3);
      const [C, stride] = first ? [draw.integer(2, 4), draw.integer(1, 2)] : [w, 1];
      const { params, running } = drawBlock(draw, { C, w, groupWidth, S: draw.integer(2, 3), first });
      const x = images(draw, C, 3, 5);
      const result = clear(draw, mode, checkpoint({ params, running }, "block"), eps, groupWidth, (parts) =>
        parts.block(x, "block", stride),
      );
      if (result === null) return null;
      const expected = { y: result.y, stats: { constant: blockStats(result, params, "block") } };
      return { inputs: { x, params }, attrs: { eps, groupWidth, stride, running }, expected };
    });

function stageStats<Stats>(result: Clear<Stats>, params: Host<Blocks<RegnetBlockParams>>, name: string): Host<Blocks<BlockNorms<Stats>>> {
  return Object.fromEntries(blocksOf(params).map(([b, block]) => [b, blockStats(result, block, `${name}.${b}`)] as const));
}

/** Choices for the numbers of blocks of the stages. */
const DEPTHS: readonly [readonly number[], ...(readonly number[])[]] = [[1], [2], [1, 1]];

function drawConfig(draw: Draw): RegnetConfig {
  const [groupWidth, depths] = [draw.integer(1, 3), draw.oneOf(DEPTHS)];
  return checkedRegnetConfig({
    channels: draw.integer(1, 3),
    stem: draw.integer(2, 4),
    widths: depths.map(() => groupWidth * draw.integer(groupWidth === 1 ? 2 : 1, 2)),
    depths,
    groupWidth,
    seRatio: draw.oneOf([0.8, 1.2]),
    classes: draw.integer(2, 4),
    batchNormEps: epsilonOfBlocks(draw),
  });
}

/** A stage of one block or two. */
export const stageCallOf =
  <Stats>(mode: Mode<Stats>) =>
  (draw: Draw): HostCall<Layer<Blocks<RegnetBlockParams>>, RegnetStageAttrs, Normed<Blocks<BlockNorms<Stats>>>> =>
    drawUntil(() => {
      const config = drawConfig(draw);
      const { stem: C, widths, depths, groupWidth, batchNormEps: eps } = config;
      const [w = 1, depth = 1] = [widths[0], depths[0]];
      const { params, running } = drawStage(draw, config, C, w, depth);
      const x = images(draw, C, 3, 5);
      const result = clear(draw, mode, checkpoint({ params, running }, "s"), eps, groupWidth, (parts) => parts.stage(x, "s", depth));
      if (result === null) return null;
      const expected = { y: result.y, stats: { constant: stageStats(result, params, "s") } };
      return { inputs: { x, params }, attrs: { eps, groupWidth, running }, expected };
    });

function networkStats<Stats>(result: Clear<Stats>, params: Host<RegnetInputs["params"]>): Host<RegnetNorms<Stats>> {
  const stages = stagesOf(params).map(([s, blocks]) => [s, stageStats(result, blocks, s)] as const);
  return { stem: { bn: result.of("stem.bn") }, ...Object.fromEntries(stages) };
}

/** A network of one stage or two. */
export const networkCallOf =
  <Stats>(mode: Mode<Stats>) =>
  (draw: Draw): HostCall<RegnetInputs, RegnetAttrs, RegnetOut<Stats>> =>
    drawUntil(() => {
      const config = drawConfig(draw);
      const { channels, depths, groupWidth, batchNormEps: eps } = config;
      const { params, running } = drawRegnet(draw, config);
      const x = images(draw, channels, 9, 11);
      const result = clear(draw, mode, checkpoint({ params, running }), eps, groupWidth, (parts) => parts.logits(x, depths));
      if (result === null) return null;
      const expected = { logits: result.y, stats: { constant: networkStats(result, params) } };
      return { inputs: { images: x, params }, attrs: { eps, groupWidth, running }, expected };
    });
