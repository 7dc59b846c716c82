/** Sizes, schedule, drop path, optimisers and the training step. */
import { describe, expect, it } from "vitest";
import { evaluateOne } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { recipeRows } from "../../src/laws/rows/recipe.ts";
import { recipeIdentities } from "../../src/laws/identities/recipe.ts";
import { emaLeaf } from "../../src/train/optimizer/ema.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { lane } from "../helpers/lane.ts";
import { eachRowHolds } from "../helpers/laws.ts";

/** `npm test` tries half of them. */
const CASES = lane === "fast" ? 25 : 50;

onEachEngine((suite) => {
  eachRowHolds(suite, [...recipeRows, ...recipeIdentities], { cases: CASES, seed: 13 });
});

describe("the average", () => {
  it("keeps a share of 0.95119 of the initial weights after an epoch of 1251 steps", async () => {
    const average = await evaluateOne(referenceEngine(), (k) => {
      const theta = k.zeros([1]);
      let share = k.upload([1], [1]);
      for (let step = 0; step < 1251; step++) share = emaLeaf.run(k, { average: share, theta, finite: null }, { decay: 0.99996 });
      return share;
    });
    expect(average.data[0]).toBeCloseTo(0.95119, 5); // deit.md section 12
  });
});
