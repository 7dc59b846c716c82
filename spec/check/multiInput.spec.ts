/** Operators of two and three inputs: correct gradients always pass, and wrong ones never do. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGradient, GradientError } from "../../src/check.ts";
import { arrayOps } from "../helpers/multiInput/arrays.ts";
import { comparingOps } from "../helpers/multiInput/comparing.ts";
import type { MultiInputOp } from "../helpers/multiInput/op.ts";
import { smoothOps } from "../helpers/multiInput/smooth.ts";
import { array } from "../helpers/plainOps.ts";

const SEEDS = process.env["DEIT_LONG"] === "1" ? 200 : 4;
const CASES = 10;
/** The time for all seeds of one operator, in ms. */
const TIMEOUT = 600_000;

const ops: readonly MultiInputOp[] = [...smoothOps, ...comparingOps, ...arrayOps];
const table = ops.map((op) => [op.name, op] as const);

/** The outcome of a check: `holds`, `gradient`, or for any other error its message. */
const outcome = (check: Promise<unknown>): Promise<string> =>
  check.then(
    () => "holds",
    (error: unknown) => (error instanceof GradientError && error.kind === "gradient" ? "gradient" : String(error)),
  );

const fail = (): never => {
  throw new Error("no operator of this name");
};

/** The outcomes of the checks with all seeds, each once. */
async function outcomes(check: (seed: number) => Promise<unknown>): Promise<readonly string[]> {
  const met = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed++) met.add(await outcome(check(seed)));
  return [...met];
}

describe(`checkGradient of ${ops.length} operators of two and three inputs, in ${SEEDS} seeds each,`, { timeout: TIMEOUT }, () => {
  it.each(table)("accepts the correct gradient: %s", async (_, { name, inputs, forward, vjp }) => {
    expect(await outcomes((seed) => checkGradient({ name, inputs, forward, vjp, seed, cases: CASES }))).toEqual(["holds"]);
  });

  it.each(table)("finds every wrong gradient, first the operator's own errors: %s", async (_, { name, inputs, forward, wrong }) => {
    const planted = Object.entries(wrong).toReversed();
    const check = (seed: number): Promise<unknown> => {
      const [what, vjp] = planted[seed % planted.length] ?? [];
      return vjp === undefined ? Promise.resolve() : checkGradient({ name: `${name}, ${what}`, inputs, forward, vjp, seed });
    };
    expect(await outcomes(check)).toEqual(["gradient"]);
  });
});

/** For operators by name, inputs of which element 1 is at a kink and the others are not. */
const ties: readonly (readonly [string, Readonly<Record<string, readonly number[]>>])[] = [
  ["max(x, y)", { x: [1, 2, -1, 0.5], y: [3, 2, 2, 1] }],
  ["|x − y|", { x: [1, 2, -1, 0.5], y: [3, 2, 2, 1] }],
  ["hinge loss max(0, 1 − xy)", { x: [1, 2, -1, 0.5], y: [3, 0.5, 2, 1] }],
  ["the median of three", { x: [1, 2, -1, 0.5], y: [3, 2, 2, 1], z: [2, 5, 1, 0.75] }],
  ["relu(x + y − z)", { x: [1, 2, -1, 0.5], y: [3, 2, 2, 1], z: [2, 4, 2, 1] }],
  ["max(x, yz)", { x: [1, 2, -1, 0.5], y: [3, 2, 2, 1], z: [2, 1, 2, 1] }],
  ["x² where x > y, else y³", { x: [1, 2, -1, 0.5], y: [3, 2, 2, 1] }],
];

describe("checkGradient of given inputs at a kink", () => {
  it.each(ties)("reports the kink, and not a wrong gradient: %s", async (name, numbers) => {
    const op = ops.find((one) => one.name === name);
    const inputs = Object.fromEntries(Object.entries(numbers).map(([input, data]) => [input, fc.constant(array([4], data))]));
    const check = checkGradient({ name, inputs, forward: op?.forward ?? fail, vjp: op?.vjp ?? fail, cases: 1 });
    await expect(check).rejects.toMatchObject({ kind: "kink", index: [1] });
  });
});
