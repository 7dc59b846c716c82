import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { hostArray } from "../../src/check/host.ts";
import { judge } from "../../src/recording/judge.ts";
import { readRecording, type Recording } from "../../src/recording/format/read.ts";
import { computeRecording } from "../../src/recording/steps/compute.ts";
import { tapShapes } from "../../src/recording/format/tensorSpecs.ts";
import { tensorOf } from "../helpers/fixtures.ts";
import { forwardOnly, labels, labelsLoss, recordingFile, zeros } from "./helpers.ts";

const everyTap = Object.fromEntries(
  [...tapShapes({ ...forwardOnly.model, position: "learned" }, 2)].map(([name, shape]) => [`taps/${name}`, zeros(...shape)]),
);

describe("a forward pass", () => {
  it("is computed without a loss, tap by tap in the format's order", async () => {
    const computed = await computeRecording(referenceEngine(), readRecording(recordingFile(forwardOnly, everyTap)));
    expect([...computed.keys()]).toEqual(Object.keys(everyTap));
  });

  it("is bitwise identical with and without a loss", async () => {
    const alone = await computeRecording(referenceEngine(), readRecording(recordingFile(forwardOnly, everyTap)));
    const trained = recordingFile({ ...forwardOnly, loss: labelsLoss }, { labels: labels(0, 1), ...everyTap });
    expect(await computeRecording(referenceEngine(), readRecording(trained))).toEqual(alone);
  });
});

describe("a result is judged", () => {
  const expected = hostArray([3], [1, -2, 0.5]);
  const recorded: Recording = {
    ...readRecording(recordingFile(forwardOnly)),
    results: new Map([["taps/x", expected]]),
  };
  const moved = hostArray([3], [1, -2, 0.5 + 2e-8]);

  it("by its error as a share of the largest value", () => {
    expect(judge(recorded, "taps/x", moved, "f64").error).toBeCloseTo(1e-8, 12);
  });

  it("by the f64 tolerance if it was stored in f64", () => {
    const { error, tolerance } = judge(recorded, "taps/x", moved, "f64");
    expect(error).toBeGreaterThan(tolerance.bound);
  });

  it("by the f32 tolerance if it was rounded", () => {
    const { error, tolerance } = judge({ ...recorded, rounded: new Set(["taps/x"]) }, "taps/x", moved, "f64");
    expect(error).toBeLessThan(tolerance.bound);
  });

  it("by the f32 tolerance if the engine computes in f32", () => {
    const { error, tolerance } = judge(recorded, "taps/x", moved, "f32");
    expect(error).toBeLessThan(tolerance.bound);
  });

  it("by the f32 tolerance if its producer computed in f32", () => {
    const configuration = { ...recorded.configuration, dtype: "float32" } as const;
    const { error, tolerance } = judge({ ...recorded, configuration }, "taps/x", moved, "f64");
    expect(error).toBeLessThan(tolerance.bound);
  });
});

describe("rows of the key bias", () => {
  const adamw = { kind: "adamw", lr: [1e-3], beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, noDecay: "deit" };
  const sgd = { kind: "sgd", lr: [1e-3], momentum: 0.9, nesterov: true, weightDecay: 0, noDecay: "deit" };
  const name = "after/1/blocks.0.attn.qkv.bias";
  const errorOf = async (optimizer: object, moved: number): Promise<number> => {
    const recording = readRecording(
      recordingFile({ ...forwardOnly, loss: labelsLoss, optimizer }, { labels: labels(0, 1), [name]: zeros(12) }),
    );
    const actual = tensorOf(await computeRecording(referenceEngine(), recording), name);
    const data = actual.data.slice();
    data[moved] = (data[moved] ?? NaN) + 1;
    return judge({ ...recording, results: new Map([[name, actual]]) }, name, hostArray([12], data), "f64").error;
  };

  it("after AdamW count as equal", async () => {
    expect([await errorOf(adamw, 4), await errorOf(adamw, 7)]).toEqual([0, 0]);
  });

  it("do not include those of the query or the value", async () => {
    expect(Math.min(await errorOf(adamw, 3), await errorOf(adamw, 8))).toBeGreaterThan(0.5);
  });

  it("after SGD are compared", async () => {
    expect(await errorOf(sgd, 4)).toBeGreaterThan(0.5);
  });
});
