import { describe, expect, it } from "vitest";
import { forwardRatio, type GemmRow } from "../../src/bench/gemm.ts";
import { flopOf, products, shapeText, type Form } from "../../src/bench/gemmShapes.ts";

const of = (form: Form): readonly string[] => products.filter((product) => product.form === form).map(shapeText);

/** A row of which only form and ratio matter. */
const row = (form: Form, ratio: number): GemmRow => ({
  shape: "",
  form,
  ms: { median: 1, min: 1, upper: 1 },
  gflops: 1,
  against: { peakGflops: 1, ratio, kept: 1, taken: 1 },
});

describe("the products of bench gemm", () => {
  it("are each layer three times, with equal work, and those of attention", () => {
    const [forward, input, weight] = (["NT", "NN", "TN"] as const).map((form) => products.filter((product) => product.form === form));
    expect([forward?.length, input?.length, weight?.length]).toEqual([13, 13, 12]);
    const work = (list: typeof forward): readonly number[] => (list ?? []).slice(0, 12).map(flopOf);
    expect(work(input)).toEqual(work(forward));
    expect(work(weight)).toEqual(work(forward));
  });

  it("have the shapes of DeiT's layers and gradients", () => {
    expect(of("NT")).toEqual(expect.arrayContaining(["[1584×192]·[192×576]", "[197×768]·[768×192]", "[198×64]·[64×198]"]));
    expect(of("NN")).toEqual(expect.arrayContaining(["[1584×576]·[576×192]", "[198×198]·[198×64]"]));
    expect(of("TN")).toEqual(expect.arrayContaining(["[576×1584]·[1584×192]", "[3072×1576]·[1576×768]"]));
  });

  it("are judged by the geometric mean of the forward forms", () => {
    expect(forwardRatio([row("NT", 0.5), row("NT", 2), row("NN", 100), row("TN", 100)])).toBeCloseTo(1, 15);
  });
});
