import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { MemoryError } from "../../src/tensor/errors.ts";
import { largest, reserveBatch, type BatchProgram } from "../../src/train/evaluation/capacity.ts";
import { wasmEngine } from "../../src/wasm.ts";

/** A program that takes `each` GiB for an image. */
const gibibytes =
  (each: number): BatchProgram<null> =>
  (k: Kernels, _, batch) =>
    k.zeros([batch, each * 2 ** 28]);

describe("largest", () => {
  it("is the last of 1 … most that fits, for every most and every last", () => {
    for (let most = 1; most <= 20; most++) for (let last = 0; last <= most; last++) expect(largest(most, (n) => n <= last)).toBe(last);
  });

  it("tries no more numbers than a bisection, and none outside the range", () => {
    const asked: number[] = [];
    largest(1000, (n) => asked.push(n) > 0 && n <= 700);
    expect(asked.length).toBeLessThanOrEqual(10);
    expect(Math.min(...asked)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...asked)).toBeLessThanOrEqual(1000);
  });
});

describe("reserveBatch", () => {
  const refusal = async (batch: number, program: BatchProgram<null>, lean: BatchProgram<null> | null): Promise<unknown> => {
    const engine = await wasmEngine();
    const { reserved } = engine.memory();
    try {
      reserveBatch(engine, batch, { held: null, program, lean });
    } catch (error) {
      expect(engine.memory()).toMatchObject({ reserved, live: 0, fresh: expect.any(Number) });
      return error instanceof MemoryError ? error.message : error;
    }
    return null;
  };

  it("names the bytes, the bound and the batches that fit, with --memory low and without; and allocates nothing", async () => {
    expect(await refusal(8, gibibytes(1), gibibytes(0.5))).toMatch(
      /^wasm: a batch of 8 needs 859\d\.\d MB of at most 4295\.0 MB; a batch of 3 would fit, a batch of 7 would fit with --memory low$/,
    );
  });

  it("does not mention --memory low if it does not help, or is used already", async () => {
    const message = /^wasm: a batch of 8 needs 859\d\.\d MB of at most 4295\.0 MB; a batch of 3 would fit$/;
    expect(await refusal(8, gibibytes(1), gibibytes(1))).toMatch(message);
    expect(await refusal(8, gibibytes(1), null)).toMatch(message);
  });

  it("reports that nothing fits, or only with --memory low", async () => {
    expect(await refusal(2, gibibytes(5), gibibytes(4))).toMatch(/; not even one image fits$/);
    expect(await refusal(2, gibibytes(5), gibibytes(1))).toMatch(/ MB; a batch of 2 would fit with --memory low$/);
  });

  it("reserves what fits", async () => {
    expect(await refusal(1, gibibytes(0.01), null)).toBe(null);
  });

  it("does nothing on an engine that reserves no memory in advance", () => {
    const reserve = (): void => reserveBatch(referenceEngine(), 8, { held: null, program: gibibytes(1), lean: null });
    expect(reserve).not.toThrow();
  });
});
