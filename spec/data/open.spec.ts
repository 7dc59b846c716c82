import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/data/open.ts";

const shape = { channels: 1, side: 8, classes: 10 };

describe("openDataset", () => {
  it.each([
    ["digits", "digits:test", 360],
    ["digits:test", "digits:test", 360],
    ["digits:train", "digits:train", 1437],
    ["synthetic:7", "synthetic:7", 7],
  ])("opens %s as %s", (text, name, count) => {
    const dataset = openDataset(text, shape);
    expect([dataset.name, dataset.count, dataset.classes.length]).toEqual([name, count, 10]);
  });

  it.each([
    ["mnist", shape, 'data: unknown data set "mnist"; known: digits[:train|test], synthetic:N'],
    ["", shape, 'data: unknown data set ""; known: digits[:train|test], synthetic:N'],
    ["digits:all", shape, 'data: digits has the splits train and test, got "all"'],
    ["synthetic", shape, 'data: synthetic:N needs a positive integer N, got ""'],
    ["synthetic:-3", shape, 'data: synthetic:N needs a positive integer N, got "-3"'],
    ["digits", { ...shape, channels: 3 }, "data: digits has images of 1 channels, the model takes 3"],
    ["digits", { ...shape, classes: 1000 }, "data: digits has 10 classes, the model has 1000"],
    ["digits", { ...shape, side: 10 }, "digits: the image size must be a multiple of 8, got 10"],
  ])("refuses %j", (text, wanted, message) => {
    expect(() => openDataset(text, wanted)).toThrow(message);
  });
});
