/** Correct gradients always pass. */
import { describe, expect, it } from "vitest";
import { checkGradient, type GradientReport } from "../../src/check.ts";
import { rightOps } from "../helpers/plainOps.ts";

/** The number of seeds for each function. */
const SEEDS = 200;

interface Named {
  readonly name: string;
  readonly run: (seed: number) => Promise<GradientReport>;
}

const table: readonly Named[] = rightOps((check) => ({
  name: check.name,
  run: (seed: number) => checkGradient({ ...check, seed, cases: 1 }),
}));

describe("checkGradient accepts every correct gradient", () => {
  it.each(table.map((one, i) => [i, one.name, one] as const))(`%d %s, in ${SEEDS} seeds`, async (_, __, { run }) => {
    const messages: string[] = [];
    for (let seed = 0; seed < SEEDS; seed++)
      await run(seed).then(
        ({ worst, tolerance }) => expect(worst).toBeLessThanOrEqual(tolerance),
        (error: unknown) => messages.push(String(error)),
      );
    expect(messages).toEqual([]);
  });
});
