/** The moving average of the weights against timm's (fixtures/ema). */
import { describe, expect, it } from "vitest";
import { evaluateOne, hostArray, type HostArray } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { ema } from "../../src/train/optimizer/ema.ts";
import { distance } from "../helpers/distance.ts";
import { tensorOf, tensorsOf, textOf } from "../helpers/fixtures.ts";

interface Case {
  readonly name: string;
  readonly decay: number;
}

const { cases, tolerance }: { cases: readonly Case[]; tolerance: { f64: number } } = JSON.parse(textOf("ema/ema.json"));
const tensors = tensorsOf("ema/ema.safetensors");

/** A row of a matrix. */
function rowOf({ shape, data }: HostArray, i: number): HostArray {
  const [, width = 0] = shape;
  return hostArray([width], data.subarray(i * width, (i + 1) * width));
}

/** The average after one step from `average` with the weights `theta`. */
const stepped = (average: HostArray, theta: HostArray, decay: number): Promise<HostArray> =>
  evaluateOne(referenceEngine(), (k) =>
    ema(k, { average: k.upload(average.shape, average.data), params: k.upload(theta.shape, theta.data), finite: null }, { decay }),
  );

/** The cases in f64; the others are for engines that compute in f32. */
const inF64 = cases.filter(({ name }) => name.endsWith(".f64"));

describe.each(inF64.map((test) => [test.name, test] as const))("%s", (name, { decay }) => {
  const [thetas, averages] = [tensorOf(tensors, `${name}.theta`), tensorOf(tensors, `${name}.ema`)];

  it("fifty steps give timm's averages", async () => {
    let [average, worst] = [rowOf(averages, 0), 0];
    for (let i = 1; i < (averages.shape[0] ?? 0); i++) {
      average = await stepped(average, rowOf(thetas, i), decay);
      worst = Math.max(worst, distance(average, rowOf(averages, i)));
    }
    expect(worst).toBeLessThanOrEqual(tolerance.f64);
  });
});
