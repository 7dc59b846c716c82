import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { readTree, uploadTree } from "../../src/io/weights/trees.ts";

const engine = referenceEngine();
const k = engine.kernels;
const tree = { a: k.upload([2], [1, Math.PI]), b: [{ c: k.upload([], [3]) }, null], step: 4 };

describe("a tree", () => {
  it("is read by name, in the engine's own precision", async () => {
    expect(await readTree(engine, tree)).toEqual(
      new Map([
        ["a", { dtype: "F64", shape: [2], data: Float64Array.of(1, Math.PI) }],
        ["b.0.c", { dtype: "F64", shape: [], data: Float64Array.of(3) }],
      ]),
    );
  });

  it("of an f32 engine stays f32", async () => {
    const single = { ...engine, read: () => Promise.resolve(Float32Array.of(1, 2)) };
    expect((await readTree(single, { a: tree.a })).get("a")?.dtype).toBe("F32");
  });

  it("is uploaded with its numbers, and leaves that are not tensors are unchanged", async () => {
    const stored = await readTree(engine, tree);
    const copy = uploadTree(k, tree, stored);
    expect(await readTree(engine, copy)).toEqual(stored);
    expect([copy.step, copy.b[1]]).toEqual([4, null]);
  });

  it("is never uploaded in part: a missing or misshapen leaf is reported before anything is allocated", async () => {
    const stored = await readTree(engine, tree);
    const before = engine.memory().live;
    expect(() => uploadTree(k, { ...tree, d: tree.a }, stored)).toThrow("nothing named d");
    expect(() => uploadTree(k, { ...tree, a: k.reshape(tree.a, [1, 2]) }, stored)).toThrow("a must be [1, 2], got [2]");
    expect(engine.memory().live).toBe(before);
  });
});
