/** What the WebGPU engine promises beyond the laws: commands in order without waiting, and bounded memory. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { smoothedTargets } from "../../src/train/step/mixedBatch.ts";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { unscaledLeaves } from "../../src/train/optimizer/lossScale.ts";
import { webgpuEngine, type WebgpuEngine, type WebgpuOptions } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";

const MIB = 2 ** 20;

const engineWith = async (options: Omit<WebgpuOptions, "device"> = {}): Promise<WebgpuEngine> =>
  webgpuEngine({ device: await gpuDevice({ limits: "default" }), slab: 16 * MIB, ...options });

const range = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i);

onGpu("the WebGPU engine", () => {
  let engine: WebgpuEngine;
  beforeAll(async () => {
    engine = await engineWith();
  });
  afterAll(() => engine.close());

  it("reads the value that a tensor has at the call, even if its memory is reused", async () => {
    const k = engine.kernels;
    const a = k.upload([4], [1, 2, 3, 4]);
    const before = engine.read(a);
    engine.release(a);
    const b = k.upload([4], [5, 6, 7, 8]); // at the same address
    expect([...(await before)]).toEqual([1, 2, 3, 4]);
    expect([...(await engine.read(b))]).toEqual([5, 6, 7, 8]);
    engine.release(b);
  });

  it.each([10, 100_000])("uploads %i numbers after the kernels called before", async (n) => {
    const k = engine.kernels;
    const a = k.upload([n], range(n));
    const doubled = k.scale(a, 2);
    engine.release(a);
    const b = k.upload([n], new Float32Array(n)); // at the address of a, which a kernel reads that has not been submitted yet
    expect((await engine.read(doubled)).at(-1)).toBe(2 * (n - 1));
    engine.release([doubled, b]);
  });

  it.each([1, 2, 3, 4, 1001, 100_000, 100_003])("uploads %i bytes as numbers, of memory that threads share or not", async (n) => {
    const k = engine.kernels;
    const bytes = Uint8Array.from(range(n), (i) => (37 * i) % 256);
    const shared = new Uint8Array(new SharedArrayBuffer(n + 3), 3);
    shared.set(bytes);
    for (const given of [bytes, new Uint8Array([9, ...bytes]).subarray(1), shared]) {
      const a = k.upload([n], given);
      expect(Buffer.from(await engine.read(a)).equals(bytes)).toBe(true);
      engine.release(a);
    }
  });

  it("submits one command buffer for all reads of a moment", async () => {
    const k = engine.kernels;
    const before = engine.sent().submits;
    const sums = Array.from({ length: 20 }, (_, i) => k.addScalar(k.zeros([8]), i));
    const read = await Promise.all(sums.map((t) => engine.read(t)));
    expect(read.map((data) => data[7])).toEqual(sums.map((_, i) => i));
    expect(engine.sent().submits - before).toBe(1);
  });

  it("goes on after more dispatches than a command buffer has room for", async () => {
    const k = engine.kernels;
    let x = k.zeros([1]);
    for (let i = 0; i < 20_000; i++) {
      const next = k.addScalar(x, 1);
      engine.release(x);
      x = next;
    }
    expect([...(await engine.read(x))]).toEqual([20_000]);
    engine.release(x);
  });

  it("reports a label that is no class at the next read, and goes on", async () => {
    const k = engine.kernels;
    const wrong = k.oneHot(k.upload([3], [0, 7, 1]), 5);
    await expect(engine.read(wrong)).rejects.toThrow("oneHot: label 7 at 1 is not one of");
    expect([...(await engine.read(k.oneHot(k.upload([1], [2]), 3)))]).toEqual([0, 0, 1]);
    expect([...(await engine.read(wrong))].slice(4, 11)).toEqual([0, NaN, NaN, NaN, NaN, NaN, 0]);
  });

  it.each([NaN, -1, 2.5, 5, 1e10, Infinity, -Infinity])("takes %d for no class of five, and makes its row NaN", async (label) => {
    const k = engine.kernels;
    const wrong = k.oneHot(k.upload([2], [label, -0]), 5);
    await expect(engine.finish()).rejects.toThrow(`oneHot: label ${label} at 0 is not one of`);
    expect([...(await engine.read(wrong))]).toEqual([NaN, NaN, NaN, NaN, NaN, 1, 0, 0, 0, 0]);
  });

  it("reports a label that is no class in a command buffer that was submitted before", async () => {
    const k = engine.kernels;
    k.oneHot(k.upload([1], [9]), 5);
    const before = engine.sent().submits;
    k.upload([2 ** 15], new Float32Array(2 ** 15)); // written by the queue, after the commands before it
    expect(engine.sent().submits).toBeGreaterThan(before);
    await expect(engine.finish()).rejects.toThrow("oneHot: label 9 at 0 is not one of");
    await engine.finish();
  });

  it("skips a step with a label that is no class, as its gradient is not finite", async () => {
    const k = engine.kernels;
    const logits = k.upload([2, 3], [1, 2, 3, 4, 5, 6]);
    const target = smoothedTargets(k, k.upload([2], [1, 3]), 3, { share: 0.1, over: "all" });
    const { out: loss, saved } = crossEntropy.forward(k, { logits }, { target });
    const grads = crossEntropy.vjp(k, saved, k.upload([], [1]));
    const { finite } = unscaledLeaves.run(k, { grads, inverse: k.upload([], [1]) }, { withNorm: false });
    await expect(engine.finish()).rejects.toThrow("oneHot: label 3 at 1 is not one of");
    expect([...(await engine.read(loss)), ...(await engine.read(finite))]).toEqual([NaN, 0]);
  });

  it.each([
    { shape: [70_000, 3], leading: 1 },
    { shape: [1, 70_001], leading: 1 },
    { shape: [66_000, 1], leading: 1 },
    { shape: [1_500_000], leading: 1 },
    { shape: [3, 5, 7001], leading: 2 },
  ])("adds up all of $shape, with more rows or columns than a dimension has workgroups", async ({ shape, leading }) => {
    const k = engine.kernels;
    const ones = k.addScalar(k.zeros(shape), 1);
    const [rows, columns] = [k.sumLast(ones), k.sumLeading(ones, leading)];
    const [ofRows, ofColumns] = await Promise.all([engine.read(rows), engine.read(columns)]);
    engine.release([ones, rows, columns]);
    expect(new Set(ofRows)).toEqual(new Set([shape.at(-1)]));
    expect(new Set(ofColumns)).toEqual(new Set([shape.slice(0, leading).reduce((a, b) => a * b, 1)]));
  });

  it("refuses a tensor that is longer than a binding before it takes any memory", async () => {
    const small = await engineWith({ slab: MIB });
    const before = small.memory();
    expect(() => small.kernels.zeros([300_000])).toThrow("a tensor needs 1.2 MB of at most 1.0 MB");
    expect(small.memory()).toEqual(before);
    small.close();
  });

  it("never holds more memory than its bound", async () => {
    const bounded = await engineWith({ slab: MIB, memory: 2 * MIB });
    const zeros = (): object => bounded.kernels.zeros([200_000]);
    zeros();
    zeros();
    expect(zeros).toThrow("webgpu needs 2.9 MB of at most 2.1 MB");
    bounded.close();
  });
});
