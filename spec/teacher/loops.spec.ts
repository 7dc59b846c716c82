/** The loops that are the oracles of the teacher's laws, against timm (fixtures/regnet). */
import { describe, expect, it } from "vitest";
import { gap, gapOfLeaves } from "../../src/check/close.ts";
import { referenceBounds } from "../../src/check/tolerance.ts";
import { regnetEval, regnetTrain } from "../../src/laws/loops/regnet.ts";
import { MOMENTUM } from "../../src/teacher/runningStatistics.ts";
import { tensorOf } from "../helpers/fixtures.ts";
import { regnetFixture, under } from "../helpers/regnet.ts";

const { bound } = referenceBounds.parity;
const { config, tensors } = regnetFixture("two_stage");
const [weights, x] = [under(tensors, "weights."), tensorOf(tensors, "x")];
const sizes = { depths: config.depths, groupWidth: config.groupWidth, eps: config.batchNormEps };
const trained = regnetTrain(weights, x, sizes);
const evaluated = regnetEval(weights, x, sizes);

describe("the network by loops", () => {
  it("has timm's logits in evaluation", () => {
    expect(gap(evaluated.logits, tensorOf(tensors, "eval.logits"))).toBeLessThanOrEqual(bound);
  });

  it("has timm's logits in training", () => {
    expect(gap(trained.logits, tensorOf(tensors, "train.logits"))).toBeLessThanOrEqual(bound);
  });

  it("has the statistics that move timm's buffers", () => {
    const buffers = [...under(tensors, "train.after.")].filter(([name]) => !name.endsWith("num_batches_tracked"));
    const moved = buffers.map(([name, { shape }]) => {
      const batch = tensorOf(trained.stats, name.replace("running_mean", "mean").replace("running_var", "variance"));
      const old = tensorOf(weights, name);
      return [name, { shape, data: old.data.map((v, i) => (1 - MOMENTUM) * v + MOMENTUM * (batch.data[i] ?? NaN)) }] as const;
    });
    expect(gapOfLeaves(new Map(moved), new Map(buffers))).toBeLessThanOrEqual(bound);
  });

  it("returns the distance to the nearest kink", () => {
    expect([evaluated, trained].every(({ margin }) => margin > 0 && margin < 0.1)).toBe(true);
  });
});
