import { describe, expect, it } from "vitest";
import type { Batches } from "../../src/data/loader/batch.ts";
import { synthetic } from "../../src/data/sources/synthetic.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { initialParams } from "../../src/model/init.ts";
import type { DeitParams } from "../../src/model/deit.ts";
import { sineCosine } from "../../src/ops/position.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { tokenCosines, type TokenCosines } from "../../src/train/evaluation/tokenCosines.ts";
import { evaluationBatches } from "../helpers/batches.ts";
import { tiny } from "./tiny.ts";

const engine = referenceEngine();
const k = engine.kernels;
const config = tiny.model;
const batches = (): Batches => evaluationBatches(synthetic(5, { channels: 1, side: 4, classes: 3 }), 2, tiny.data);
const params = initialParams(k, config, keyOf(1));
const cosines = (change: Partial<DeitParams>): Promise<TokenCosines | null> =>
  tokenCosines(engine, { config, params: { ...params, ...change } }, batches());
const noPosition = k.zeros([1, 6, config.width]);

describe("tokenCosines", () => {
  it("are 1 in every layer for equal tokens without positions", async () => {
    const { input = NaN, positioned = NaN, blocks = [] } = (await cosines({ dist_token: params.cls_token, pos_embed: noPosition })) ?? {};
    for (const cosine of [input, positioned, ...blocks]) expect(cosine).toBeCloseTo(1, 12);
    expect(blocks).toHaveLength(config.depth);
  });

  it("depend on positions after the input, not in it", async () => {
    const { input = NaN, positioned = NaN } = (await cosines({ dist_token: params.cls_token })) ?? {};
    expect(input).toBeCloseTo(1, 12);
    expect(positioned).toBeLessThan(0.99);
  });

  it("are −1 at the input for opposite tokens", async () => {
    const { input = NaN, positioned = NaN } = (await cosines({ dist_token: k.scale(params.cls_token, -2), pos_embed: noPosition })) ?? {};
    expect(input).toBeCloseTo(-1, 12);
    expect(positioned).toBeCloseTo(-1, 12);
  });

  it("are the same with and without positions if there are none", async () => {
    const { blocks = [], blocksWithoutPositions = [NaN] } = (await cosines({ pos_embed: noPosition })) ?? {};
    expect(blocksWithoutPositions).toEqual(blocks);
  });

  it("subtract fixed positions too", async () => {
    const fixed = { ...config, position: "fixed" } as const;
    const own = k.upload([1, 6, config.width], sineCosine(6, config.width));
    const learned = await cosines({ pos_embed: own });
    expect(await tokenCosines(engine, { config: fixed, params: { ...params, pos_embed: null } }, batches())).toEqual(learned);
    expect(learned?.blocksWithoutPositions).not.toEqual(learned?.blocks);
  });

  it("are null for a plain model", async () => {
    const plain = { ...config, distilled: false };
    expect(await tokenCosines(engine, { config: plain, params: initialParams(k, plain, keyOf(1)) }, batches())).toBeNull();
  });

  it("leave no tensor allocated", async () => {
    const before = engine.memory().live;
    await cosines({});
    expect(engine.memory().live).toBe(before);
  });
});
