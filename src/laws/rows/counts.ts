/** Rows of the model's size, (E28) and (E29): the project's parameters and multiply–adds against closed forms (loops/counts.ts). */
import type { Draw } from "../../check/draw.ts";
import type { Row } from "../../check/laws/row.ts";
import { abstractEngine } from "../../engines/abstract/engine.ts";
import { checkedConfig, deitConfig, tokenCount, type DeitConfig } from "../../model/config.ts";
import { deitLogits } from "../../model/deit.ts";
import { buildParams, parameterCount, parameterShapes } from "../../model/params.ts";
import { inference } from "../../ops/observe.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { named } from "../../tensor/tree.ts";
import { deitAttrs } from "../../train/step/deitTask.ts";
import { hostRow } from "../cases/row.ts";
import * as closed from "../loops/counts.ts";

/** 0 if both are equal, otherwise Infinity. */
const same = <T>(actual: T, expected: T): number => (actual === expected ? 0 : Infinity);

/** A model of any sizes. */
function drawConfig(draw: Draw): DeitConfig {
  const [heads, patchSize] = [draw.integer(1, 4), draw.integer(2, 5)];
  return checkedConfig({
    imageSize: patchSize * draw.integer(1, 5),
    patchSize,
    channels: draw.integer(1, 4),
    width: 2 * heads * draw.integer(1, 4),
    depth: draw.integer(1, 4),
    heads,
    mlpRatio: draw.oneOf([1.5, 2, 3, 4]),
    classes: draw.integer(2, 12),
    distilled: draw.oneOf([true, false]),
    layerNormEps: 1e-6,
    position: draw.oneOf(["learned", "fixed"]),
  });
}

/** A model for which the printed form of (E28) holds: 12 blocks, 16-pixel patches, RGB, M = 4D. */
function drawPrintedConfig(draw: Draw): DeitConfig {
  const heads = draw.integer(1, 12);
  return deitConfig(draw.oneOf(["deit-tiny", "deit-base-distilled"]), {
    width: heads * draw.integer(8, 64),
    heads,
    imageSize: 16 * draw.integer(1, 30),
    classes: draw.integer(2, 2000),
  });
}

/** Parameters of block i. */
const blockCount = (config: DeitConfig, i: number): number =>
  [...parameterShapes(config)].reduce((sum, [name, shape]) => sum + (name.startsWith(`blocks.${i}.`) ? size(shape) : 0), 0);

/** The path of each leaf in the tree is the name under which `buildParams` made it, and each leaf was made once. */
function treeError(config: DeitConfig): number {
  const { kernels } = abstractEngine();
  const asked = new Map<string, Tensor>();
  const params = buildParams(config, (name, shape) => {
    const leaf = kernels.zeros(shape);
    asked.set(name, leaf);
    return leaf;
  });
  const leaves = named(params);
  return Math.max(same(leaves.size, asked.size), ...[...asked].map(([name, leaf]) => same(leaves.get(name), leaf)));
}

/** One line of deit.md 4.1, and the properties that all its models share. */
function publishedError({ name, tokens, parameters }: closed.PrintedSize): number {
  const config = deitConfig(name);
  return Math.max(
    same(parameterCount(config), parameters),
    same(blockCount(config, config.depth - 1), closed.printedBlocks.get(config.width)),
    same(tokenCount(config), tokens),
    same(config.width / config.heads, closed.HEAD_WIDTH),
    same(config.layerNormEps, closed.EPS),
  );
}

function parametersError(draw: Draw): number {
  const [printed, drawn] = [drawPrintedConfig(draw), drawConfig(draw)];
  return Math.max(
    same(parameterCount(printed), closed.printedParameterCount(printed)),
    same(parameterCount(drawn), closed.parameterCount(drawn)),
    same(blockCount(drawn, drawn.depth - 1), closed.blockParameterCount(drawn)),
    same([...parameterShapes(drawn).keys()].join(), closed.parameterNames(drawn).join()),
    treeError(drawn),
    publishedError(draw.oneOf(closed.printedSizes)),
  );
}

/** Multiply–adds of the model's own code on B images, run on shapes alone. */
function countedMacs(config: DeitConfig, B: number): number {
  const { kernels, counters } = abstractEngine();
  const { imageSize: S, channels: C } = config;
  kernels.region("macs", () => {
    const k = inference(kernels);
    const params = buildParams(config, (_, shape) => k.zeros(shape));
    return deitLogits.forward(k, { images: k.zeros([B, C, S, S]), params }, deitAttrs(k, config)).out;
  });
  return counters().macs;
}

function macsError(draw: Draw): number {
  const [config, B] = [drawConfig(draw), draw.integer(1, 3)];
  const { name, gmacs } = draw.oneOf(closed.printedSizes);
  const counted = countedMacs(deitConfig(name), 1);
  return Math.max(
    same(countedMacs(config, B), B * closed.macs(config)),
    same(counted, closed.macs(deitConfig(name))),
    same(Number((counted / 1e9).toFixed(3)), gmacs),
  );
}

export const countRows: readonly Row[] = [
  hostRow("E28", "number of parameters, of any model and of the published ones", parametersError),
  hostRow("E29", "multiply–adds of the model's code, of any model and of the published ones", macsError),
];
