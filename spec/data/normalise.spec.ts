import { describe, expect, it } from "vitest";
import { checkedNormalisation, normalise } from "../../src/data/normalise.ts";

describe("normalise", () => {
  it("subtracts each channel's mean and divides by its standard deviation", () => {
    const normalised = normalise(Float64Array.of(0, 1, 0.5, 0.25), { mean: [0.5, 0.25], std: [0.25, 0.5] });
    expect([...normalised]).toEqual([-2, 2, 0.5, 0]);
  });

  it.each([
    [{ mean: [0.5], std: [0.5] }, 3, "data: mean must have a number for each of 3 channels, got 1"],
    [{ mean: [0.5], std: [] }, 1, "data: std must have a number for each of 1 channels, got 0"],
    [{ mean: [0.5], std: [0] }, 1, "data: std must be > 0, got 0"],
  ])("refuses %j for %i channels", (normalisation, channels, message) => {
    expect(() => checkedNormalisation(normalisation, channels)).toThrow(message);
  });
});
