import { describe, expect, it } from "vitest";
import { checkedNormalisation } from "../../src/data/normalise.ts";

describe("the normalisation", () => {
  it.each([
    [{ mean: [0.5], std: [0.5] }, 3, "data: mean must have a number for each of 3 channels, got 1"],
    [{ mean: [0.5], std: [] }, 1, "data: std must have a number for each of 1 channels, got 0"],
    [{ mean: [0.5], std: [0] }, 1, "data: std must be > 0, got 0"],
  ])("refuses %j for %i channels", (normalisation, channels, message) => {
    expect(() => checkedNormalisation(normalisation, channels)).toThrow(message);
  });
});
