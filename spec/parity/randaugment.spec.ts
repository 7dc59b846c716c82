/** RandAugment's operations against timm on Pillow (fixtures/randaugment). */
import { describe, expect, it } from "vitest";
import type { OperationDraw } from "../../src/data/augment/draw.ts";
import { argumentOf, isSigned, operate } from "../../src/data/augment/operations.ts";
import { randAugmentNames } from "../../src/data/augment/randAugment.ts";
import type { Pixels } from "../../src/data/pixels/pixels.ts";
import { plainKernels } from "../../src/data/pixels/plain.ts";
import { textOf } from "../helpers/fixtures.ts";
import { pictureDifference, picturesOf } from "../helpers/pictures.ts";

interface Case extends Omit<OperationDraw, "applied"> {
  readonly name: string;
  readonly image: string;
  readonly argument: number | null;
}

interface Flow {
  readonly name: string;
  readonly image: string;
  readonly picks: readonly number[];
  readonly ops: readonly string[];
  /** In the order in which timm asks for them: `random` is uniform, `gauss` a magnitude. */
  readonly draws_in_order: readonly (readonly [kind: "random" | "gauss", value: number])[];
}

interface Fixture {
  readonly cases: readonly Case[];
  readonly flow: readonly Flow[];
  readonly level_to_argument: { readonly rows: readonly (readonly [op: string, magnitude: number, argument: number])[] };
}

const { cases, flow, level_to_argument: levels }: Fixture = JSON.parse(textOf("randaugment/randaugment.json"));
const { picture } = picturesOf("randaugment/randaugment.safetensors");

/** Each operation with its cases. */
const byOperation = randAugmentNames.map((op) => ({ op, cases: cases.filter((one) => one.op === op) }));

/** The draws of a flow: timm asks for no magnitude if an operation is skipped, and for no sign if it has none. */
function drawsOf({ ops, draws_in_order: values }: Flow): readonly OperationDraw[] {
  const queue = values.map(([, value]) => value);
  const next = (): number => queue.shift() ?? NaN;
  const draws = ops.map((op): OperationDraw => {
    if (next() > 0.5) return { op, magnitude: 0, sign: 0, applied: false };
    const magnitude = Math.min(Math.max(next(), 0), 10);
    return { op, magnitude, sign: isSigned(op) ? (next() > 0.5 ? -1 : 1) : 0, applied: true };
  });
  if (queue.length > 0) throw new Error("some draws of the flow are left over");
  return draws;
}

describe("timm's operations", () => {
  it.each(byOperation)("$op gives Pillow's bytes, and gets timm's argument, in every case", ({ cases: own }) => {
    expect(own.length).toBeGreaterThan(3);
    for (const { name, image, argument, ...drawn } of own) {
      const draw = { ...drawn, applied: true };
      const difference = pictureDifference(operate(plainKernels, picture(`image.${image}`), draw), picture(name));
      expect({ name, argument: argumentOf(draw), difference }).toEqual({ name, argument, difference: null });
    }
  });

  it("are the operations of all cases", () => {
    expect(byOperation.reduce((count, { cases: own }) => count + own.length, 0)).toBe(cases.length);
  });

  it("get timm's arguments at each tenth of a magnitude", () => {
    expect(levels.rows.map(([op, magnitude]) => [op, magnitude, argumentOf({ op, magnitude, sign: 1, applied: true })])).toEqual(
      levels.rows,
    );
    expect(new Set(levels.rows.map(([op]) => op)).size).toBe(12);
  });
});

describe("RandAugment", () => {
  it.each(flow)("picks timm's operations by number: $name", ({ picks, ops }) => {
    expect(picks.map((i) => randAugmentNames[i])).toEqual(ops);
  });

  it.each(flow)("applies one operation after the other: $name", (one) => {
    const image = drawsOf(one).reduce<Pixels>((pixels, draw) => operate(plainKernels, pixels, draw), picture(`image.${one.image}`));
    expect(pictureDifference(image, picture(one.name))).toBeNull();
  });
});
