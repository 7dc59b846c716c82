import { describe, expect, it } from "vitest";
import { tensor } from "../../src/tensor/tensor.ts";
import { forEachTensor, leaf, mapTree, named } from "../../src/tensor/tree.ts";

const t = (n: number): ReturnType<typeof tensor> => tensor([n], {});

describe("trees", () => {
  it("name their leaves by path, in the order of the keys", () => {
    const tree = { head: { weight: t(1) }, blocks: [{ norm1: t(2) }, { norm1: t(3) }], dist: null, eps: 1e-6 };
    expect([...named(tree)].map(([name, { shape }]) => [name, shape[0]])).toEqual([
      ["head.weight", 1],
      ["blocks.0.norm1", 2],
      ["blocks.1.norm1", 3],
    ]);
  });

  it("keep their nesting when mapped", () => {
    const tree = { a: [t(1), null], b: { c: t(2), n: 5 } };
    const mapped = mapTree(tree, ({ shape }) => t((shape[0] ?? 0) * 10));
    expect(mapped.a[0]?.shape).toEqual([10]);
    expect(mapped.a[1]).toBe(null);
    expect(mapped.b.c.shape).toEqual([20]);
    expect(mapped.b.n).toBe(5);
  });

  it("leave typed arrays as they are", () => {
    const tree = { noise: Float32Array.of(1, 2) };
    expect(mapTree(tree, (x) => x).noise).toBe(tree.noise);
    expect(named(tree).size).toBe(0);
  });

  it.each([
    ["a promise", Promise.resolve(1), 'got Promise (at "x")'],
    ["a map", new Map(), 'got Map (at "x")'],
    ["a function", () => 1, 'may not hold a function (at "x")'],
  ])("refuse %s", (_, value, message) => {
    expect(() => forEachTensor({ x: value }, () => {})).toThrow(message);
  });

  it("name the owner of a missing leaf in the error", () => {
    expect(() => leaf(named({}), "head.weight", "adamw")).toThrow("adamw: nothing named head.weight");
  });
});
