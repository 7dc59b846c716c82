/** The logic of the widgets of the chapters on augmentation, resolution and choices: numbers of docs/deit.md, and the library's own results. */
import { describe, expect, test } from "vitest";
import { choices } from "../../docs/.vitepress/widgets/choices/choices.ts";
import { outcomesOf, type Outcome } from "../../docs/.vitepress/widgets/choices/choice.ts";
import { keyAt, SIDE, stagesOf, viewAt } from "../../docs/.vitepress/widgets/augment.ts";
import { boxOf, CLASSES, drawnMix, mixed, MIX_SIDE } from "../../docs/.vitepress/widgets/mixing.ts";
import { sampled } from "../../docs/.vitepress/widgets/repeats.ts";
import { keptBy, rowsOf } from "../../docs/.vitepress/widgets/resize.ts";
import { applyView } from "../../src/data/augment/view.ts";
import { plainKernels } from "../../src/data/pixels/plain.ts";
import type { Pixels } from "../../src/data/pixels/pixels.ts";

/** A picture whose every pixel is different. */
const picture = (width: number, height: number): Pixels => ({
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + (i % 3) * 50) % 256),
  width,
  height,
  channels: 3,
});

describe("a view, step by step", () => {
  test("ends with the library's view, outside the erased rectangle", async () => {
    const place = { seed: 0, epoch: 3, sample: 0, copy: 0 };
    const image = picture(375, 500);
    const draw = viewAt(place, image);
    const stages = await stagesOf(plainKernels, image, draw, keyAt(place));
    expect(stages.map(({ step }) => step)).toEqual(["crop", "flip", ...draw.ops.map(({ op }) => op), "erasing"]);
    const view = applyView(plainKernels, image, draw, SIDE);
    expect(stages.at(-2)?.pixels.data).toEqual(view.data);
    const { top, left, h, w } = draw.erasing ?? { top: 0, left: 0, h: 0, w: 0 };
    const inside = (i: number): boolean => {
      const [row, column] = [Math.floor(i / 3 / SIDE), Math.floor(i / 3) % SIDE];
      return row >= top && row < top + h && column >= left && column < left + w;
    };
    const changed = view.data.reduce((count, v, i) => count + (v !== stages.at(-1)?.pixels.data[i] ? 1 : 0), 0);
    const changedOutside = view.data.reduce((count, v, i) => count + (!inside(i) && v !== stages.at(-1)?.pixels.data[i] ? 1 : 0), 0);
    expect(changed).toBeGreaterThan(h * w);
    expect(changedOutside).toBe(0);
  });
});

describe("mixing", () => {
  const [a, b] = [picture(MIX_SIDE, MIX_SIDE), { ...picture(MIX_SIDE, MIX_SIDE), data: new Uint8Array(MIX_SIDE ** 2 * 3) }];

  test("Mixup of a picture with black darkens it by λ; labels sum to 1", async () => {
    const { pictures, targets, lambda } = await mixed([a, b], [3, 5], { kind: "mixup", lambda: 0.25, centre: { y: 0, x: 0 } });
    expect(lambda).toBe(0.25);
    expect([...pictures[0].data]).toEqual([...a.data].map((v) => Math.round(0.25 * v)));
    for (const q of targets) expect(q.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 12);
    expect(targets[0]?.[3]).toBeCloseTo(0.25 * 0.9001 + 0.75 * 0.0001, 12);
    expect(targets[0]).toHaveLength(CLASSES);
  });

  test("CutMix in a corner keeps three quarters more than was drawn, and λ is the share of pixels kept", async () => {
    const choice = { kind: "cutmix", lambda: 0, centre: { y: 0, x: 0 } } as const;
    expect(boxOf(choice).lambda).toBe(0.75);
    const { pictures, lambda } = await mixed([a, { ...b, data: a.data.map((v) => v ^ 128) }], [0, 1], choice);
    const kept = [...pictures[0].data].filter((v, i) => v === a.data[i]).length;
    expect(kept / a.data.length).toBe(lambda);
  });

  test("a training draws both kinds", () => {
    expect(new Set(Array.from({ length: 20 }, (_, step) => drawnMix(0, step)?.kind))).toEqual(new Set(["mixup", "cutmix"]));
  });
});

test("repeated augmentation: a third of the images, never twice in a replica with R ≥ 3", () => {
  for (const replicas of [3, 4]) {
    const { replicas: rows, distinct } = sampled({ seed: 0, epoch: 0, repeats: 3, replicas });
    for (const row of rows) expect(new Set(row.map(({ sample }) => sample)).size).toBe(row.length);
    expect(Math.abs(distinct - 512 / 3)).toBeLessThan(5);
  }
  expect(
    sampled({ seed: 0, epoch: 0, repeats: 3, replicas: 1 })
      .replicas[0]?.slice(0, 3)
      .map(({ copy }) => copy),
  ).toEqual([0, 1, 2]);
});

describe("resizing", () => {
  test("rows of R as in docs/deit.md, section 12", () => {
    const round = (row: readonly number[] = []): readonly number[] => row.slice(0, 3).map((x) => Number(x.toFixed(6)));
    expect(rowsOf(14, 24, 0).map(({ row }) => round(row))).toEqual([[1.097928, -0.097928, 0], [1.077741, -0.077741, 0], [1, 0, 0], [1, 0, 0]]); // prettier-ignore
    expect(rowsOf(14, 24, 1).map(({ row }) => round(row)).slice(0, 2)).toEqual([[0.639648, 0.42627, -0.065918], [0.677889, 0.363057, -0.040946]]); // prettier-ignore
  });

  test("lengths kept as in docs/deit.md, section 1.9, in two directions", async () => {
    const kept = await keptBy(14, 24);
    const [deit = 0, timm = 0, bilinear = 0, nearest = 0] = kept.map(({ random }) => random);
    for (const [found, oneDirection] of [
      [deit, 0.933],
      [timm, 0.912],
      [bilinear, 0.832],
      [nearest, 1],
    ] as const)
      // prettier-ignore
      expect(Math.abs(found - oneDirection ** 2)).toBeLessThan(0.005);
    expect(kept.map(({ distinct }) => distinct)).toEqual([576, 576, 576, 196]);
    expect(kept[1]?.difference).toBeCloseTo(0.063, 3);
  });
});

describe("disputed choices", () => {
  const outcomes = (name: string): Promise<readonly Outcome[]> => {
    const choice = choices[name];
    if (choice === undefined) throw new Error(name);
    return outcomesOf(choice, choice.inputs);
  };

  test.each(Object.keys(choices))("%s: finite, of one shape, and different in some way", async (name) => {
    const all = await outcomes(name);
    expect(all.every(({ array }) => array.data.every(Number.isFinite))).toBe(true);
    expect(new Set(all.map(({ array }) => array.shape.join("×"))).size).toBe(1);
    expect(Math.max(...all.map(({ difference }) => difference))).toBeGreaterThan(0);
  });

  test("the counter-example of fusion (docs/deit.md, 2.6): class 1 by the code, 0 by the paper", async () => {
    const decisions = (await outcomes("fusion")).map(({ array }) => array.data.indexOf(Math.max(...array.data)));
    expect(decisions).toEqual([1, 0]);
  });

  test("columns: the rows of the right matrix sum to 1, those of the other one do not", async () => {
    const sums = (await outcomes("columns")).map(({ array }) => [array.data[3], array.data[7]]);
    expect(sums[0]?.every((sum) => Math.abs((sum ?? 0) - 1) < 1e-12)).toBe(true);
    expect(sums[1]?.every((sum) => Math.abs((sum ?? 0) - 1.5) < 1e-12)).toBe(true);
  });

  test("the place of the distillation token means nothing if its position moves with it", async () => {
    expect((await outcomes("token-place")).map(({ difference }) => difference)).toEqual([0, 20, 0]);
  });
});
