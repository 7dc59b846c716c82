/** The basis kernels of the reference engine on cases computed by hand. */
import { beforeEach, describe, expect, it } from "vitest";
import { abstractEngine } from "../../src/engines/abstract/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { keyOf, uniformAt } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

let engine: Engine;
let k: Kernels;
beforeEach(() => {
  engine = referenceEngine();
  k = engine.kernels;
});

const values = async (t: Tensor): Promise<readonly number[]> => [...(await engine.read(t))];
const range = (...shape: number[]): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return k.upload(
    shape,
    Float64Array.from({ length: n }, (_, i) => i),
  );
};

describe("binary kernels", () => {
  it("combine element by element", async () => {
    const [a, b] = [k.upload([2], [6, 8]), k.upload([2], [2, 4])];
    expect(await Promise.all([k.add(a, b), k.sub(a, b), k.mul(a, b), k.div(a, b)].map(values))).toEqual([
      [8, 12],
      [4, 4],
      [12, 32],
      [3, 2],
    ]);
  });

  it("spread a trailing shape and [..., 1], on either side", async () => {
    const x = range(2, 3);
    expect(await values(k.sub(x, k.upload([3], [1, 2, 3])))).toEqual([-1, -1, -1, 2, 2, 2]);
    expect(await values(k.sub(k.upload([3], [1, 2, 3]), x))).toEqual([1, 1, 1, -2, -2, -2]);
    expect(await values(k.div(x, k.upload([2, 1], [1, 10])))).toEqual([0, 1, 2, 0.3, 0.4, 0.5]);
    expect(await values(k.sub(k.upload([2, 1], [1, 10]), x))).toEqual([1, 0, -1, 7, 6, 5]);
    expect(await values(k.mul(x, k.upload([], [2])))).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it("refuse every other pair of shapes", () => {
    expect(() => k.add(range(2, 3), range(2))).toThrow(
      "add: axis 0 of b must be 3, as axis 1 of a [2, 3], got [2] (a trailing shape or [..., 1] of the larger operand broadcasts)",
    );
    expect(() => k.add(range(2), range(2, 3))).toThrow("add: axis 0 of a must be 3, as axis 1 of b [2, 3], got [2]");
    expect(() => k.mul(range(2, 3), range(1, 3))).toThrow("mul: axis 0 of b must be 2, as axis 0 of a [2, 3], got [1, 3]");
    expect(() => k.mul(range(2, 3), range(3, 1))).toThrow("mul: axis 0 of b must be 2, as axis 0 of a [2, 3], got [3, 1]");
  });
});

describe("unary kernels", () => {
  it("map each element", async () => {
    const x = k.upload([3], [1, 4, 0.25]);
    const maps: readonly (readonly [Tensor, readonly number[]])[] = [
      [k.scale(x, -2), [-2, -8, -0.5]],
      [k.addScalar(x, 1), [2, 5, 1.25]],
      [k.square(x), [1, 16, 0.0625]],
      [k.sqrt(x), [1, 2, 0.5]],
      [k.rsqrt(x), [1, 0.5, 2]],
      [k.exp(x), [Math.E, Math.exp(4), Math.exp(0.25)]],
      [k.log(x), [0, Math.log(4), Math.log(0.25)]],
    ];
    for (const [t, expected] of maps) expect(await values(t)).toEqual(expected);
  });

  it("step is 1 from 0 on", async () => {
    expect(await values(k.step(k.upload([4], [-1, -0, 0, 2])))).toEqual([0, 1, 1, 1]);
  });

  it("normalCdf reaches 0 and 1 and returns NaN for NaN", async () => {
    expect(await values(k.normalCdf(k.upload([4], [-Infinity, Infinity, NaN, 0])))).toEqual([0, 1, NaN, 0.5]);
  });
});

describe("reductions", () => {
  it("run over the last axis or the first ones", async () => {
    const x = k.upload([2, 3], [1, 5, 3, -4, -6, -5]);
    expect(k.sumLast(x).shape).toEqual([2, 1]);
    expect(await Promise.all([k.sumLast(x), k.meanLast(x), k.maxLast(x), k.argmaxLast(x)].map(values))).toEqual([
      [9, -15],
      [3, -5],
      [5, -4],
      [1, 0],
    ]);
    expect(await values(k.sumLeading(x, 1))).toEqual([-3, -1, -2]);
    expect(await values(k.sumLeading(x, 2))).toEqual([-6]);
  });

  it("argmax takes the first of equal maxima", async () => {
    expect(await values(k.argmaxLast(k.upload([2, 3], [1, 7, 7, 2, 2, 2])))).toEqual([1, 0]);
  });

  it("oneHot makes a row of a class index and refuses one out of range", async () => {
    expect(await values(k.oneHot(k.upload([2], [2, 0]), 3))).toEqual([0, 0, 1, 1, 0, 0]);
    expect(() => k.oneHot(k.upload([1], [3]), 3)).toThrow("oneHot: label 3 at 0 is not one of 0 … 2");
  });
});

describe("matmul", () => {
  const product = [
    [22, 28],
    [49, 64],
  ].flat(); // [1 2 3; 4 5 6] × [1 2; 3 4; 5 6]
  const a = (): Tensor => k.upload([2, 3], [1, 2, 3, 4, 5, 6]);
  const b = (): Tensor => k.upload([3, 2], [1, 2, 3, 4, 5, 6]);

  it("is the same in its four forms", async () => {
    const [at, bt] = [k.permute(a(), [1, 0]), k.permute(b(), [1, 0])];
    const forms = [
      k.matmul(a(), b()),
      k.matmul(at, b(), { ta: true }),
      k.matmul(a(), bt, { tb: true }),
      k.matmul(at, bt, { ta: true, tb: true }),
    ];
    expect(await Promise.all(forms.map(values))).toEqual([product, product, product, product]);
  });

  it("is batched over equal leading axes, or shares one matrix", async () => {
    const [x, y] = [range(2, 1, 2), range(2, 2, 1)];
    expect(await values(k.matmul(x, y))).toEqual([1, 13]);
    expect(await values(k.matmul(x, k.upload([2, 1], [1, 1])))).toEqual([1, 5]);
  });

  it("refuses other shapes, naming the axis", () => {
    const [x, batch] = [range(2, 3), range(2, 2, 3)];
    expect(() => k.matmul(x, x)).toThrow("matmul: axis -2 of b must be 3, as axis -1 of a, got [2, 3] and [2, 3]");
    expect(() => k.matmul(x, range(3, 4), { ta: true, tb: true })).toThrow("matmul: axis -1 of b must be 2, as axis -2 of a, got");
    expect(() => k.matmul(batch, range(3, 3, 3))).toThrow(
      "matmul: b must be one matrix, or have the leading axes of a, [2, 3, 3], got [2, 2, 3] and [3, 3, 3]",
    );
    expect(() => k.matmul(x, range(3))).toThrow("matmul: b must have at least 2 axes, [..., rows, columns], got [3]");
  });

  it("counts its multiply–adds", () => {
    const before = engine.counters().macs;
    k.matmul(range(5, 2, 3), range(3, 7));
    expect(engine.counters().macs - before).toBe(5 * 2 * 3 * 7);
  });
});

describe("moves", () => {
  it("permute takes axis i of the result from axis axes[i]", async () => {
    const y = k.permute(range(2, 3, 4), [2, 0, 1]);
    expect(y.shape).toEqual([4, 2, 3]);
    expect((await values(y)).slice(0, 8)).toEqual([0, 4, 8, 12, 16, 20, 1, 5]);
  });

  it("slice, pad and concat take tensors apart and put them together", async () => {
    const x = range(2, 3);
    expect(await values(k.slice(x, 1, 1, 3))).toEqual([1, 2, 4, 5]);
    expect(await values(k.pad(x, 1, 1, 5))).toEqual([0, 0, 1, 2, 0, 0, 3, 4, 5, 0]);
    expect(await values(k.concat([k.slice(x, 1, 0, 1), k.slice(x, 1, 1, 3)], 1))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await values(k.expandLeading(k.upload([2], [1, 2]), 2))).toEqual([1, 2, 1, 2]);
  });

  it("unfold lays windows out as channel, row, column, with zeros outside", async () => {
    const images = range(1, 1, 2, 2);
    const windows = k.unfold(images, { kernel: 2, stride: 1, padding: 1 });
    expect(windows.shape).toEqual([1, 9, 4]);
    expect((await values(windows)).slice(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect((await values(windows)).slice(16, 20)).toEqual([0, 1, 2, 3]);
  });

  it("fold adds up where windows meet", async () => {
    const windows = k.upload([1, 4, 4], new Float64Array(16).fill(1));
    expect(await values(k.fold(windows, { kernel: 2, stride: 1, padding: 0 }, [1, 1, 3, 3]))).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1]);
  });

  it("refuse axes, positions and sizes that do not exist, and say which do", () => {
    const x = range(2, 3);
    expect(() => k.slice(x, 1, 2, 4)).toThrow(
      "slice: start and end must satisfy 0 ≤ start ≤ end ≤ 3, the length of axis 1 of [2, 3], got 2 and 4",
    );
    expect(() => k.slice(x, 2, 0, 1)).toThrow("slice: the axis must be an integer ≥ 0 and < 2, the number of axes of [2, 3], got 2");
    expect(() => k.pad(x, 1, 1, 3)).toThrow(
      "pad: start must be ≥ 0 and the length at least start + 3, for axis 1 of [2, 3], got start 1 and length 3",
    );
    expect(() => k.concat([x, range(2, 2)], 0)).toThrow("concat: axis 1 of part 1 must be 3, as in part 0 [2, 3], got [2, 2]");
    expect(() => k.concat([x, range(2)], 0)).toThrow("concat: part 1 must have 2 axes, as part 0 [2, 3], got [2]");
    expect(() => k.sumLeading(x, 3)).toThrow("sumLeading: count must be an integer from 0 to 2, the number of axes of [2, 3], got 3");
    expect(() => k.sumLast(k.zeros([]))).toThrow("sumLast: a must have a last axis, got a scalar, []");
    expect(() => k.permute(x, [0, 0])).toThrow(
      "permute: axes must hold each axis of [2, 3] once, the numbers [0, 1] in any order, got [0, 0]",
    );
    expect(() => k.reshape(x, [4])).toThrow("reshape: the new shape must have 6 elements, as [2, 3] has, got [4] with 4");
    expect(() => k.unfold(range(1, 1, 2, 2), { kernel: 3, stride: 1, padding: 0 })).toThrow(
      "unfold: the window must be at most 2, axis 2 of the images [1, 1, 2, 2] with padding 0 on both sides, got 3",
    );
    expect(() => k.upload([2, 2], [1])).toThrow("upload: data must have 4 numbers, for the shape [2, 2], got 1");
  });
});

describe("random numbers", () => {
  it("are those of the key, in flat order", async () => {
    const key = keyOf(11);
    expect(await values(k.uniform(key, [2, 3]))).toEqual(Array.from({ length: 6 }, (_, i) => uniformAt(key, i)));
  });
});

describe("the abstract engine", () => {
  it("gives the same shapes and counts as the reference engine", () => {
    const abstract = abstractEngine();
    const program = (kernels: Kernels): readonly (readonly number[])[] => {
      const x = kernels.zeros([2, 3, 4]);
      const y = kernels.matmul(x, kernels.zeros([5, 4]), { tb: true });
      return [y, kernels.sumLast(y), kernels.permute(y, [2, 0, 1]), kernels.concat([y, y], 1)].map(({ shape }) => shape);
    };
    expect(program(abstract.kernels)).toEqual(program(k));
    expect(abstract.counters()).toEqual(engine.counters());
  });
});
