/** The rows of random draws, and errors in the draws that they must find. */
import { describe, expect, it } from "vitest";
import { runRow, type Row } from "../../src/check/laws/row.ts";
import { drawAutoAugment } from "../../src/data/augment/autoAugment.ts";
import { drawColourJitter } from "../../src/data/augment/colourJitter.ts";
import { drawErasing } from "../../src/data/augment/erasing.ts";
import { drawPaddedCrop } from "../../src/data/augment/paddedCrop.ts";
import { drawRandAugment } from "../../src/data/augment/randAugment.ts";
import { drawResizedCrop } from "../../src/data/augment/resizedCrop.ts";
import { drawView } from "../../src/data/augment/view.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { cropRow, drawRows, erasingRow, jitterRow, operationsRow, policyRow, smallRow } from "../../src/laws/rows/draws.ts";
import { keyOf } from "../../src/tensor/key.ts";

const engine = referenceEngine();
const engines = { engine, reference: engine };

const wrong: readonly (readonly [what: string, row: Row])[] = [
  [
    "crops of too small an area",
    cropRow((key, size, [least, largest], aspect) => drawResizedCrop(key, size, [least / 4, largest / 2], aspect)),
  ],
  ["crops of one aspect", cropRow((key, size, area) => drawResizedCrop(key, size, area, [1, 1.001]))],
  ["crops at the top", cropRow((...call) => ({ ...drawResizedCrop(...call), top: 0 }))],
  ["crops in the middle", cropRow((key, size, ...ranges) => {
    const crop = drawResizedCrop(key, size, ...ranges);
    return { ...crop, left: Math.floor((size.width - crop.w) / 2) };
  })], // prettier-ignore
  [
    "windows of the first row only",
    smallRow(drawView, (key, size, S, padding) => ({ ...drawPaddedCrop(key, size, S, padding), top: -padding })),
  ],
  ["no mirror", smallRow((...call) => ({ ...drawView(...call), flip: false }))],
  ["rotations to one side", smallRow((...call) => ({ ...drawView(...call), rotation: Math.abs(drawView(...call).rotation ?? 0) }))],
  ["the same operation twice", operationsRow((...call) => {
    const [first, second] = drawRandAugment(...call);
    return first === undefined || second === undefined ? [] : [first, { ...second, op: first.op }];
  })], // prettier-ignore
  ["operations that are always applied", operationsRow((...call) => drawRandAugment(...call).map((one) => ({ ...one, applied: true })))],
  ["magnitudes that do not vary", operationsRow((key, { magnitude }) => drawRandAugment(key, { magnitude, deviation: 0 }))],
  [
    "signs that are positive",
    operationsRow((...call) => drawRandAugment(...call).map((one) => ({ ...one, sign: one.sign === 0 ? 0 : 1 }))),
  ],
  ["one pair only", policyRow(() => drawAutoAugment(keyOf(1)))],
  ["pairs that are always applied", policyRow((key) => drawAutoAugment(key).map((one) => ({ ...one, applied: true })))],
  ["jitter in one order", jitterRow((key, s) => drawColourJitter(key, s).toSorted((a, b) => (a.op < b.op ? -1 : 1)))],
  ["weaker jitter", jitterRow((key, s) => drawColourJitter(key, s / 2))],
  ["erasing half as often", erasingRow((key, S, p) => drawErasing(key, S, p / 2))],
  ["erasing at the left", erasingRow((...call) => {
    const rectangle = drawErasing(...call);
    return rectangle === null ? null : { ...rectangle, left: 0 };
  })], // prettier-ignore
];

describe("the rows of random draws", () => {
  it.each(drawRows.map((row) => [row.id, row] as const))("%s holds, without an engine", async (id, row) => {
    expect(await runRow(row, engines, { cases: 40, seed: 3 })).toMatchObject({ id, status: "ok", cases: 40, host: true });
  });

  it.each(wrong)("find %s", async (_, row) => {
    expect(await runRow(row, engines, { cases: 20, seed: 5 })).toMatchObject({
      status: "off",
      failure: expect.stringMatching(/^case \d+$/),
    });
  });
});
