import { describe, expect, it } from "vitest";
import { checkSettings } from "../../../src/data/augment/checkSettings.ts";
import { deitSettings, type AugmentSettings } from "../../../src/data/augment/settings.ts";

const plain: AugmentSettings = { ...deitSettings, policy: { kind: "none" }, colourJitter: 0 };

describe("checkSettings", () => {
  it("accepts DeiT's settings, and those of grey images", () => {
    expect(checkSettings(deitSettings, 3, 224)).toBe(deitSettings);
    expect(checkSettings({ ...plain, crop: "padded", rotation: 10 }, 1, 16)).toMatchObject({ rotation: 10 });
    expect(checkSettings({ ...deitSettings, policy: { kind: "none" } }, 3, 224)).toMatchObject({ colourJitter: 0.3 });
  });

  it.each([
    [deitSettings, 1, "the policy randaugment needs images of 3 channels, got 1; without colours the policy is none"],
    [{ ...plain, policy: { kind: "autoaugment" } }, 1, "the policy autoaugment needs images of 3 channels, got 1"],
    [{ ...plain, colourJitter: 0.3 }, 1, "colour jitter needs images of 3 channels, got 1; without colours it is 0"],
    [{ ...plain, crop: "padded" }, 3, "a padded crop is for images of up to 32 pixels, not of 224"],
    [{ ...plain, area: [0, 1] }, 3, "area must be two numbers with 0 < least ≤ largest ≤ 1, got 0, 1"],
    [{ ...plain, area: [0.5, 1.1] }, 3, "area must be two numbers with 0 < least ≤ largest ≤ 1, got 0.5, 1.1"],
    [{ ...plain, aspect: [2, 1] }, 3, "aspect must be two numbers with 0 < least ≤ largest, got 2, 1"],
    [{ ...plain, padding: 1.5 }, 3, "padding must be an integer of at least 0, got 1.5"],
    [{ ...plain, rotation: -1 }, 3, "rotation must be from 0 to 180 degrees, got -1"],
    [{ ...plain, colourJitter: 0.95 }, 3, "colour jitter must be from 0 to 0.9, got 0.95"],
    [{ ...plain, erasing: 1.01 }, 3, "erasing must be a probability, got 1.01"],
    [{ ...plain, policy: { kind: "randaugment", magnitude: 11, deviation: 0 } }, 3, "the magnitude must be from 0 to 10, got 11"],
    [
      { ...plain, policy: { kind: "randaugment", magnitude: 9, deviation: NaN } },
      3,
      "the deviation of the magnitude must be at least 0, got NaN",
    ],
  ] as const satisfies readonly (readonly [AugmentSettings, number, string])[])(
    "refuses %j for %d channels",
    (settings, channels, line) => {
      expect(() => checkSettings(settings, channels, 224)).toThrow(`augmentation: ${line}`);
    },
  );
});
