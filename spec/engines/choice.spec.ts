/** isFinite and where, on numbers that arithmetic would destroy; and proof that these specs reject wrong kernels. */
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Basis, Kernels } from "../../src/kernels/kernels.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { onEachEngine } from "../helpers/engines.ts";

/** The extreme numbers of f32, of both signs. */
const LARGEST = 2 ** 128 - 2 ** 104;
const SMALLEST = 2 ** -149;
const SMALLEST_NORMAL = 2 ** -126;
const FINITE = [0, -0, 1, -1, LARGEST, -LARGEST, SMALLEST, -SMALLEST, SMALLEST_NORMAL];
const NOT_FINITE = [NaN, Infinity, -Infinity];

const listed = (k: Kernels, values: readonly number[]): Tensor => k.upload([values.length], values);

type Program = (k: Kernels) => Tensor;

/** The result of a program on an engine, or on one with some kernels replaced. */
const run = async (program: Program, { kernels, read }: Engine, wrong: Partial<Basis> = {}): Promise<readonly number[]> => [
  ...(await read(program(Object.assign(Object.create(kernels), wrong)))),
];

const questions: Program = (k) => k.isFinite(listed(k, [...FINITE, ...NOT_FINITE]));
const answers = [...FINITE.map(() => 1), ...NOT_FINITE.map(() => 0)];

const A = [NaN, NaN, -0, Infinity, 3, -Infinity, SMALLEST];
const B = [1, -0, NaN, 5, Infinity, LARGEST, NaN];
const choices: Program = (k) => k.where(listed(k, [1, 0, -2, -0, SMALLEST_NORMAL, 0, 1]), listed(k, A), listed(k, B));
const chosen = [NaN, -0, -0, 5, 3, LARGEST, SMALLEST];

onEachEngine(({ made }) => {
  it("isFinite is 1 for every number and 0 for NaN and the infinities", async () => {
    expect(await run(questions, (await made).engine)).toEqual(answers);
  });

  it("where copies a or b bit for bit, whatever the other one is", async () => {
    expect(await run(choices, (await made).engine)).toEqual(chosen);
  });

  it.each([
    [1, A],
    [0, B],
  ])("where goes by one condition for all, %s", async (condition, all) => {
    const program: Program = (k) => k.where(k.upload([], [condition]), listed(k, A), listed(k, B));
    expect(await run(program, (await made).engine)).toEqual(all);
  });

  it("where refuses other shapes", async () => {
    const { kernels: k } = (await made).engine;
    const [pair, row, one] = [k.zeros([2]), k.zeros([1, 2]), k.zeros([])];
    expect(() => k.where(pair, pair, row)).toThrow("where: b must be [2], the shape of a, got [1, 2]");
    expect(() => k.where(pair, row, row)).toThrow("where: the condition must be [1, 2], the shape of a and b, or a scalar, [], got [2]");
    expect(() => k.where(one, pair, one)).toThrow("where: b must be [2], the shape of a, got []");
  });
});

describe("a wrong kernel is caught", () => {
  const engine = referenceEngine();
  const { kernels: right } = engine;
  const not = (t: Tensor): Tensor => right.addScalar(right.scale(t, -1), 1);
  const magnitude = (t: Tensor): Tensor => right.sqrt(right.square(t));

  it.each<[string, Basis["isFinite"]]>([
    ["the largest number is infinite", (a) => right.step(right.addScalar(right.scale(magnitude(a), -1), LARGEST / 2))],
    ["only NaN is not finite", (a) => right.step(right.square(a))],
    ["minus infinity is finite", (a) => right.step(right.addScalar(right.scale(a, -1), LARGEST))],
    ["the answer is inverted", (a) => not(right.isFinite(a))],
  ])("isFinite: %s", async (_, isFinite) => {
    expect(await run(questions, engine, { isFinite })).not.toEqual(answers);
  });

  it.each<[string, Basis["where"]]>([
    ["the choice is computed by arithmetic", (c, a, b) => right.add(right.mul(c, a), right.mul(not(c), b))],
    ["only a condition above 0 counts", (c, a, b) => right.where(not(right.step(right.scale(c, -1))), a, b)],
    ["a and b are exchanged", (c, a, b) => right.where(c, b, a)],
  ])("where: %s", async (_, where) => {
    expect(await run(choices, engine, { where })).not.toEqual(chosen);
  });
});
