import { describe, expect, it } from "vitest";
import { drawOf, type Draw } from "../../src/check/draw.ts";
import { keyOf } from "../../src/tensor/key.ts";

const wide = (): Draw => drawOf(keyOf(3));
const single = (): Draw => drawOf(keyOf(3), "f32");

describe("draws for an f32 engine", () => {
  it.each<[string, (draw: Draw) => Float64Array]>([
    ["array", (draw) => draw.array([4, 5], { mean: 0.3, deviation: 2 }).data],
    ["distribution", (draw) => draw.distribution([4, 5]).data],
    ["labels", (draw) => draw.labels([9], 5).data],
  ])("have the arrays of f64, rounded: %s", (_, arrayOf) => {
    expect(arrayOf(single())).toEqual(Float64Array.from(Float32Array.from(arrayOf(wide()))));
  });

  it("have the single numbers of f64, because the engine rounds its settings", () => {
    expect(single().real(0, 1)).toBe(wide().real(0, 1));
    expect(Math.fround(single().real(0, 1))).not.toBe(single().real(0, 1));
  });

  it("round what a case computes from them", () => {
    expect([single().round(0.1), wide().round(0.1)]).toEqual([Math.fround(0.1), 0.1]);
  });
});
