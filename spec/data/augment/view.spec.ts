import { describe, expect, it } from "vitest";
import type { ViewDraw } from "../../../src/data/augment/draw.ts";
import { deitSettings, type AugmentSettings } from "../../../src/data/augment/settings.ts";
import { applyView, drawView, viewKey } from "../../../src/data/augment/view.ts";
import { plainKernels } from "../../../src/data/pixels/plain.ts";
import type { Pixels } from "../../../src/data/pixels/pixels.ts";
import { fold, keyOf } from "../../../src/tensor/key.ts";
import { pictureDifference } from "../../helpers/pictures.ts";

const S = 24;
const size = { width: 50, height: 40 };
const keys = Array.from({ length: 200 }, (_, i) => fold(keyOf(3), i));

/** Settings that draw everything. */
const everything: AugmentSettings = { ...deitSettings, rotation: 10 };

const none: AugmentSettings = {
  ...deitSettings,
  crop: "none",
  flip: false,
  rotation: 0,
  policy: { kind: "none" },
  colourJitter: 0,
  erasing: 0,
};

/** The settings without one step, and the parts of a draw that it may change. */
const without: readonly (readonly [step: string, settings: AugmentSettings, parts: readonly (keyof ViewDraw)[]])[] = [
  ["rotation", { ...everything, rotation: 0 }, ["rotation"]],
  ["crop", { ...everything, crop: "none" }, ["crop"]],
  ["flip", { ...everything, flip: false }, ["flip"]],
  ["policy", { ...everything, policy: { kind: "none" }, colourJitter: 0 }, ["ops"]],
  ["erasing", { ...everything, erasing: 0 }, ["erasing"]],
];

describe("drawView", () => {
  it("draws the same from the same key", () => {
    for (const key of keys) expect(drawView(key, size, S, everything)).toEqual(drawView(key, size, S, everything));
    expect(new Set(keys.map((key) => JSON.stringify(drawView(key, size, S, everything)))).size).toBe(keys.length);
  });

  it.each(without)("draws the other steps the same without %s", (_, settings, parts) => {
    let changed = 0;
    for (const key of keys) {
      const [all, less] = [drawView(key, size, S, everything), drawView(key, size, S, settings)].map(
        (draw) => new Map(Object.entries(draw)),
      );
      for (const part of parts) {
        if (JSON.stringify(all?.get(part)) !== JSON.stringify(less?.get(part))) changed++;
        all?.delete(part);
        less?.delete(part);
      }
      expect(less).toEqual(all);
    }
    expect(changed).toBeGreaterThan(20);
  });

  it("draws nothing where the settings say so", () => {
    for (const key of keys)
      expect(drawView(key, size, S, none)).toEqual({ crop: { top: 0, left: 0, h: 40, w: 50 }, flip: false, ops: [], erasing: null });
  });

  it("refuses an image that is too small for a padded crop", () => {
    const settings: AugmentSettings = { ...none, crop: "padded", padding: 2 };
    expect(() => drawView(keyOf(1), { width: 28, height: 27 }, 32, settings)).toThrow(
      "padded crop: an image of 28×27 with padding 2 is smaller than 32×32",
    );
  });
});

describe("viewKey", () => {
  it("differs in run, epoch, sample and copy", () => {
    const run = (seed: number): ReturnType<typeof fold> => fold(keyOf(seed), "student");
    const all = [0, 1].flatMap((seed) =>
      [0, 1].flatMap((epoch) => [0, 1].flatMap((sample) => [0, 1].map((copy) => viewKey(run(seed), epoch, sample, copy).words.join()))),
    );
    expect(new Set(all).size).toBe(16);
  });

  it("is folded from the names and numbers of the contract", () => {
    const run = fold(keyOf(8), "student");
    expect(viewKey(run, 2, 5, 1)).toEqual(fold(fold(fold(fold(run, "augment"), 2), 5), 1));
  });
});

const picture: Pixels = {
  data: Uint8Array.from({ length: 50 * 40 * 3 }, (_, i) => (i * 37 + Math.floor(i / 150) * 11) % 256),
  ...size,
  channels: 3,
};
const grey: Pixels = { ...picture, data: picture.data.filter((_, i) => i % 3 === 0), channels: 1 };

describe("applyView", () => {
  const draw: ViewDraw = { crop: { top: 3, left: 5, h: S, w: S }, flip: false, ops: [], erasing: null };

  it("crops without resizing if the crop has the size of the view", () => {
    const whole = { left: 0, top: 0, width: S, height: S };
    const resized = plainKernels.resize(picture, { ...whole, left: 5, top: 3 }, whole, whole);
    expect(pictureDifference(applyView(plainKernels, picture, draw, S), resized)).toBeNull();
  });

  it("resizes a crop that extends beyond the image as if there were zeros", () => {
    const beyond = { top: -4, left: 45, h: 12, w: 12 };
    const view = applyView(plainKernels, picture, { ...draw, crop: beyond }, S);
    expect([...view.data.subarray(0, 3), ...view.data.subarray(-3)]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(view.data.some((value) => value > 0)).toBe(true);
  });

  it("rotates first, then crops, mirrors, and applies the operations in their order", () => {
    const ops = [
      { op: "SolarizeAdd", magnitude: 9, sign: 0, applied: true },
      { op: "Invert", magnitude: 0, sign: 0, applied: false },
      { op: "ShearX", magnitude: 9, sign: -1, applied: true },
    ] as const;
    const view = applyView(plainKernels, picture, { ...draw, rotation: 30, flip: true, ops }, S);
    const steps = [
      { ...draw, rotation: 30 },
      { ...draw, crop: { top: 0, left: 0, h: S, w: S }, flip: true },
      ...ops.map((op) => ({ ...draw, crop: { top: 0, left: 0, h: S, w: S }, ops: [op] })),
    ].reduce<Pixels>((pixels, step) => applyView(plainKernels, pixels, step, S), picture);
    expect(pictureDifference(view, steps)).toBeNull();
  });

  it("treats grey images as one channel of a colour image", () => {
    const geometric: ViewDraw = { ...draw, rotation: -12, crop: { top: 3, left: 5, h: 20, w: 33 }, flip: true };
    const colour = applyView(plainKernels, picture, geometric, S);
    const own = { ...colour, data: colour.data.filter((_, i) => i % 3 === 0), channels: 1 };
    expect(pictureDifference(applyView(plainKernels, grey, geometric, S), own)).toBeNull();
  });

  it("leaves the image as it is", () => {
    const before = picture.data.slice();
    for (const key of keys.slice(0, 20)) applyView(plainKernels, picture, drawView(key, size, S, everything), S);
    expect(picture.data).toEqual(before);
  });
});
