/** The distribution of the initial values against timm's (fixtures/init), within four standard errors, for one fixed seed. */
import { beforeAll, describe, expect, it } from "vitest";
import { deitConfig } from "../../src/model/config.ts";
import { initialValues } from "../../src/model/init.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { textOf } from "../helpers/fixtures.ts";

interface Row {
  readonly name: string;
  readonly shape: readonly number[];
  readonly mean: number;
  readonly std: number;
  readonly low: number;
  readonly high: number;
  /** The errors allowed for the mean and the standard deviation of one draw; absent for constants. */
  readonly mean_4sigma?: number;
  readonly std_4sigma?: number;
}

const { rows }: { rows: readonly Row[] } = JSON.parse(textOf("init/init.json"));
const config = deitConfig("deit-tiny-distilled");
const key = keyOf(1);

/** No draw of 6 million from a truncated normal of deviation 0.02 is further from the mean; a draw clamped to the bounds would be at ±2. */
const FURTHEST = 0.15;

/** In ms: 6 million draws and their moments take 1 s on an idle machine. */
const TIMEOUT = 60_000;

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly low: number;
  readonly high: number;
}

function momentsOf(values: Float64Array): Moments {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return { mean, std, low: values.reduce((a, b) => Math.min(a, b)), high: values.reduce((a, b) => Math.max(a, b)) };
}

describe("each tensor of DeiT-Ti, distilled,", () => {
  let drawn: readonly { readonly row: Row; readonly moments: Moments }[] = [];
  beforeAll(() => {
    drawn = rows.map((row) => ({ row, moments: momentsOf(initialValues(config, key, row.name, row.shape)) }));
  }, TIMEOUT);
  const off = (holds: (row: Row, moments: Moments) => boolean): readonly unknown[] =>
    drawn.filter(({ row, moments }) => !holds(row, moments)).map(({ row, moments }) => [row.name, moments]);

  it("has the mean", () => {
    expect(off((row, { mean }) => Math.abs(mean - row.mean) <= (row.mean_4sigma ?? 0))).toEqual([]);
  });

  it("has the standard deviation", () => {
    expect(off((row, { std }) => Math.abs(std - row.std) <= (row.std_4sigma ?? 0))).toEqual([]);
  });

  it("is within the bounds", () => {
    expect(off((row, { low, high }) => low >= row.low && high <= row.high)).toEqual([]);
  });

  it("has no outliers", () => {
    expect(off(({ std, mean }, { low, high }) => std === 0 || Math.max(high - mean, mean - low) <= FURTHEST)).toEqual([]);
  });
});
