/** Operators of two and three inputs: right gradients are never accused, wrong ones always are. */
import { describe, expect, it } from "vitest";
import { checkGradient, GradientError } from "../../src/check.ts";
import { arrayOps } from "../helpers/multiInput/arrays.ts";
import { comparingOps } from "../helpers/multiInput/comparing.ts";
import type { MultiInputOp } from "../helpers/multiInput/op.ts";
import { smoothOps } from "../helpers/multiInput/smooth.ts";

const LONG = process.env["DEIT_LONG"] === "1";
const SEEDS = LONG ? 200 : 4;
const CASES = LONG ? 100 : 10;

const ops: readonly MultiInputOp[] = [...smoothOps, ...comparingOps, ...arrayOps];
const table = ops.map((op) => [op.name, op] as const);

/** What a check says: the kind of its error, with the message where it is another than it should be. */
const outcome = (check: Promise<unknown>): Promise<string> =>
  check.then(
    () => "holds",
    (error: unknown) => (error instanceof GradientError && error.kind === "gradient" ? "gradient" : String(error)),
  );

describe(`checkGradient of ${ops.length} operators of two and three inputs, in ${SEEDS} seeds each,`, () => {
  it.each(table)("accuses no right gradient: %s", { timeout: 3e6 }, async (_, { name, inputs, forward, vjp }) => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) outcomes.add(await outcome(checkGradient({ name, inputs, forward, vjp, seed, cases: CASES })));
    expect([...outcomes]).toEqual(["holds"]);
  });

  it.each(table)("misses no wrong gradient: %s", { timeout: 3e6 }, async (_, { name, inputs, forward, wrong }) => {
    const planted = Object.entries(wrong);
    const outcomes = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++)
      for (const [what, vjp] of LONG ? planted : planted.filter((__, i) => i % SEEDS === seed))
        outcomes.add(await outcome(checkGradient({ name: `${name}, ${what}`, inputs, forward, vjp, seed })));
    expect([...outcomes]).toEqual(["gradient"]);
  });
});
