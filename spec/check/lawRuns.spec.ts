import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lawsOf, opArbitrary, subjectOf, type Subject } from "../../src/check.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { crossEntropy, deitLogits, layerNorm, linear } from "../../src/index.ts";
import { defineOp, type Op } from "../../src/ops/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

interface SquareInputs {
  readonly x: Tensor;
}

/** x², whose gradient is right only for a `factor` of 2. */
const square = (factor: number): Op<SquareInputs, SquareInputs> =>
  defineOp({
    name: "square",
    forward: (k, { x }: SquareInputs) => ({ out: k.square(x), saved: { x } }),
    vjp: (k, { x }, dy) => ({ x: k.scale(k.mul(x, dy), factor) }),
  });

const subject = (factor: number): Subject =>
  subjectOf(square(factor), (draw) => ({ inputs: { x: draw.array([draw.integer(1, 6), draw.integer(1, 6)]) }, attrs: () => undefined }));

describe("lawsOf", () => {
  for (const law of lawsOf(layerNorm))
    it(`gives the law of ${law.name} to run on layerNorm: ${law.says}`, async () => {
      await expect(law.run({ cases: 20 })).resolves.toMatchObject({ law: law.name, cases: 20 });
    });

  it("names all laws that an op must obey", () => {
    expect(lawsOf(linear).map(({ name }) => name)).toEqual([
      "shapes",
      "value",
      "gradients",
      "linearity",
      "purity",
      "immutability",
      "memory",
      "parity",
    ]);
  });

  it("takes a user's op with a generator of its calls", async () => {
    for (const law of lawsOf(subject(2))) await expect(law.run({ cases: 10 })).resolves.toMatchObject({ law: law.name });
  });

  it("rejects a wrong gradient, naming op, law and a shrunk call", async () => {
    const gradients = lawsOf(subject(3)).find(({ name }) => name === "gradients");
    await expect(gradients?.run()).rejects.toThrow(
      /^square: law gradients \(.+\) does not hold: error .+, tolerance 1e-7; seed 0, path "[\d:]+", call square\(x \[1, 1\]\)$/,
    );
  });

  it("finds the same call again from seed and path", async () => {
    const gradients = lawsOf(subject(3)).find(({ name }) => name === "gradients");
    const messageOf = async (path?: string): Promise<string> =>
      String(
        await gradients?.run({ seed: 4, ...(path === undefined ? {} : { path }) }).then(
          () => null,
          (error: unknown) => error,
        ),
      );
    const message = await messageOf();
    const again = await messageOf(/path "([\d:]+)"/.exec(message)?.[1]);
    expect(again).toBe(message);
  });

  it("refuses 0 cases", async () => {
    await expect(lawsOf(linear)[0]?.run({ cases: 0 })).rejects.toThrow("linear: cases must be a positive integer, got 0");
  });

  it("refuses an op whose calls it cannot draw", () => {
    expect(() => lawsOf(square(2))).toThrow(
      "square: no generator of random calls is known; pass subjectOf(op, draw => call) instead of the op",
    );
  });
});

describe("opArbitrary", () => {
  it.each([linear, layerNorm, crossEntropy, deitLogits])("draws calls of $name that can be run", async (op) => {
    const engine = referenceEngine();
    await fc.assert(
      fc.asyncProperty(opArbitrary(op), ({ trial }) => {
        engine.kernels.region("call", () => {
          trial.forward(engine.kernels, new Map());
          return null;
        });
        expect(engine.memory().live).toBe(0);
        return Promise.resolve();
      }),
      { seed: 1, numRuns: 10 },
    );
  });

  it("shrinks to a small call", () => {
    const sizes = ({
      trial,
    }: {
      readonly trial: { readonly inputs: ReadonlyMap<string, { readonly shape: readonly number[] }> };
    }): readonly number[] => [...trial.inputs.values()].flatMap(({ shape }) => shape);
    const { counterexample } = fc.check(
      fc.property(opArbitrary(layerNorm), (call) => Math.max(...sizes(call)) < 4),
      { seed: 1 },
    );
    const smallest = counterexample?.[0];
    expect(Math.max(...(smallest === undefined ? [] : sizes(smallest)))).toBe(4);
    expect(fc.stringify(smallest)).toMatch(/^layerNorm\(x \[.*\], params\.weight \[.\], params\.bias \[.\]\)$/);
  });
});
