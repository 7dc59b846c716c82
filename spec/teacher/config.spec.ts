import { describe, expect, it } from "vitest";
import { checkedRegnetConfig, regnetConfig, regnetNames, squeezedWidth, stagesOfDesign } from "../../src/teacher/config.ts";

describe("a published network", () => {
  // deit.md 8.1, and timm
  it.each([
    ["regnety-4gf", "regnety_040", [128, 192, 512, 1088], [2, 6, 12, 2], 64],
    ["regnety-8gf", "regnety_080", [168, 448, 896, 2016], [2, 4, 10, 1], 56],
    ["regnety-12gf", "regnety_120", [224, 448, 896, 2240], [2, 5, 11, 1], 112],
    ["regnety-16gf", "regnety_160", [224, 448, 1232, 3024], [2, 4, 11, 1], 112],
  ])("%s, timm's %s, has the published widths and depths", (name, timms, widths, depths, groupWidth) => {
    expect(regnetConfig(name)).toMatchObject({ widths, depths, groupWidth });
    expect(regnetConfig(timms)).toEqual(regnetConfig(name));
  });

  it("is listed", () => {
    expect(regnetNames.toSorted()).toEqual(["regnety-12gf", "regnety-16gf", "regnety-4gf", "regnety-8gf"]);
  });

  it("can be changed", () => {
    expect(regnetConfig("regnety-4gf", { classes: 10, channels: 1 })).toMatchObject({ classes: 10, channels: 1, stem: 32 });
  });

  it.each(["regnety-17gf", "regnety_016", "regnetx-4gf", "constructor"])("is not called %s", (name) => {
    expect(() => regnetConfig(name)).toThrow(`unknown model ${name}; known: regnety-4gf, regnety-8gf, regnety-12gf, regnety-16gf`);
  });
});

describe("a design", () => {
  it("gives the stages of timm's RegNetCfg(w0=8, wa=12, wm=2, group_size=8, depth=5)", () => {
    expect(stagesOfDesign({ start: 8, slope: 12, multiplier: 2, depth: 5, groupWidth: 8 })).toEqual({
      widths: [8, 16, 32, 64],
      depths: [1, 1, 2, 1],
    });
  });
});

describe("a squeezed width", () => {
  const config = regnetConfig("regnety-16gf");

  it("is a quarter of the block's input", () => {
    expect([32, 224, 448, 1232].map((input) => squeezedWidth(config, input))).toEqual([8, 56, 112, 308]);
  });

  it("is rounded with ties to even, as in Python", () => {
    expect([6, 10, 14, 18].map((input) => squeezedWidth(config, input))).toEqual([2, 2, 4, 4]);
  });
});

describe("an impossible configuration", () => {
  const good = { channels: 1, stem: 4, widths: [8], depths: [1], groupWidth: 4, seRatio: 0.25, classes: 2, batchNormEps: 1e-5 };

  it.each([
    [{ stem: 0 }, "regnet config: stem must be a positive integer, got 0"],
    [{ classes: 2.5 }, "regnet config: classes must be a positive integer, got 2.5"],
    [{ depths: [1, 1] }, "regnet config: depths and widths must have the same length, at least 1, got 2 and 1"],
    [{ widths: [], depths: [] }, "regnet config: depths and widths must have the same length, at least 1, got 0 and 0"],
    [{ depths: [0] }, "regnet config: depths must be a positive integer, got 0"],
    [{ widths: [10] }, "regnet config: widths must be multiples of groupWidth 4, got 10"],
    [{ seRatio: 0.1 }, "regnet config: seRatio times width 4 must round to at least 1, got 0.1"],
    [{ batchNormEps: 0 }, "regnet config: batchNormEps must be > 0, got 0"],
  ])("%o is refused, with the name of the field", (change, message) => {
    expect(() => checkedRegnetConfig({ ...good, ...change })).toThrow(message);
  });
});
