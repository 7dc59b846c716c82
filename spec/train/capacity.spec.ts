import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { MemoryError } from "../../src/tensor/errors.ts";
import { largest, reserveBatch, type BatchProgram } from "../../src/train/evaluation/capacity.ts";
import { wasmEngine } from "../../src/wasm.ts";

/** Takes so many GiB for each image. */
const gibibytes =
  (each: number): BatchProgram<null> =>
  (k: Kernels, _, batch) =>
    k.zeros([batch, each * 2 ** 28]);

describe("largest", () => {
  it("is the last of 1 … most that fits, for every most and every last", () => {
    for (let most = 1; most <= 20; most++) for (let last = 0; last <= most; last++) expect(largest(most, (n) => n <= last)).toBe(last);
  });

  it("asks of as many as a bisection does, and of none outside", () => {
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

  it("names the bytes, the bound and the batches that fit, with less memory and without; and takes nothing", async () => {
    expect(await refusal(8, gibibytes(1), gibibytes(0.5))).toMatch(
      /^wasm: a batch of 8 needs 859\d\.\d MB of at most 4295\.0 MB; a batch of 3 would fit, a batch of 7 would fit with --memory low$/,
    );
  });

  it("does not speak of less memory where that does not help, or is used already", async () => {
    const message = /^wasm: a batch of 8 needs 859\d\.\d MB of at most 4295\.0 MB; a batch of 3 would fit$/;
    expect(await refusal(8, gibibytes(1), gibibytes(1))).toMatch(message);
    expect(await refusal(8, gibibytes(1), null)).toMatch(message);
  });

  it("says so where nothing fits, or only with less memory", async () => {
    expect(await refusal(2, gibibytes(5), gibibytes(4))).toMatch(/; not even one image fits$/);
    expect(await refusal(2, gibibytes(5), gibibytes(1))).toMatch(/ MB; a batch of 2 would fit with --memory low$/);
  });

  it("holds what fits", async () => {
    expect(await refusal(1, gibibytes(0.01), null)).toBe(null);
  });

  it("asks nothing of an engine that holds nothing ahead", () => {
    const reserve = (): void => reserveBatch(referenceEngine(), 8, { held: null, program: gibibytes(1), lean: null });
    expect(reserve).not.toThrow();
  });
});
