import { describe, expect, it } from "vitest";
import { forwardRatio, type GemmRow } from "../../src/bench/gemm.ts";
import { flopOf, gemmShapes, shapeText, type GemmForm } from "../../src/bench/gemmShapes.ts";

const of = (form: GemmForm): readonly string[] => gemmShapes.filter((shape) => shape.form === form).map(shapeText);

/** A row with this form and ratio; the rest does not matter. */
const row = (form: GemmForm, ratio: number): GemmRow => ({
  shape: "",
  form,
  ms: { median: 1, min: 1, upper: 1 },
  gflops: 1,
  against: { peakGflops: 1, ratio, kept: 1, taken: 1 },
});

describe("the shapes of bench gemm", () => {
  it("are three for each layer, with equal FLOP, and those of attention", () => {
    const [forward, input, weight] = (["NT", "NN", "TN"] as const).map((form) => gemmShapes.filter((shape) => shape.form === form));
    expect([forward?.length, input?.length, weight?.length]).toEqual([13, 13, 12]);
    const work = (list: typeof forward): readonly number[] => (list ?? []).slice(0, 12).map(flopOf);
    expect(work(input)).toEqual(work(forward));
    expect(work(weight)).toEqual(work(forward));
  });

  it("are those of DeiT's layers and gradients", () => {
    expect(of("NT")).toEqual(expect.arrayContaining(["[1584×192]·[192×576]", "[197×768]·[768×192]", "[198×64]·[64×198]"]));
    expect(of("NN")).toEqual(expect.arrayContaining(["[1584×576]·[576×192]", "[198×198]·[198×64]"]));
    expect(of("TN")).toEqual(expect.arrayContaining(["[576×1584]·[1584×192]", "[3072×1576]·[1576×768]"]));
  });

  it("have the geometric mean of the forward form as their overall ratio", () => {
    expect(forwardRatio([row("NT", 0.5), row("NT", 2), row("NN", 100), row("TN", 100)])).toBeCloseTo(1, 15);
  });
});
