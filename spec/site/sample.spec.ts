/** The playground's "break it": a mistake is recorded in a training in which it shows, whatever the student has learned. */
import { describe, expect, it } from "vitest";
import { drawOf } from "#deit/check/draw.js";
import { initialParams, keyOf, referenceEngine, type DeitConfig } from "#deit/index.js";
import { numbersOf, type Stored } from "#deit/io/weights/stored.js";
import { readTree } from "#deit/io/weights/trees.js";
import { verify } from "#deit/recording/verify.js";
import { tiny } from "../train/tiny.ts";
import { sampleRecording, variantNamed, type Sample } from "../../docs/.vitepress/playground/verifying/sample.ts";

const config: DeitConfig = tiny.model;
/** Weights that have grown: rounding errors are then far larger than those of a new student. */
const GROWN = 5;

async function grownSample(): Promise<Sample> {
  const engine = referenceEngine();
  const weights = await readTree(engine, initialParams(engine.kernels, config, keyOf(1)));
  const grown = new Map(
    [...weights].map(([name, tensor]): [string, Stored] => {
      const data = numbersOf(tensor).map((x) => GROWN * x);
      return [name, { dtype: "F64", shape: tensor.shape, data }];
    }),
  );
  return {
    config,
    weights: grown,
    images: drawOf(keyOf(2)).array([4, config.channels, config.imageSize, config.imageSize]),
    labels: [0, 1, 2, 0],
  };
}

describe("a mistake in a student that has learned", () => {
  it.each(["soft-kl-reversed", "soft-tau-squared-missing", "hard-alpha-swapped", "nesterov-missing"])("%s shows", async (name) => {
    const engine = referenceEngine();
    const recording = await sampleRecording(engine, await grownSample(), variantNamed(name));
    const { match, explanations } = await verify(engine, recording);
    expect({ match, named: explanations.map(({ variant }) => variant) }).toEqual({ match: false, named: [name] });
  });
});
