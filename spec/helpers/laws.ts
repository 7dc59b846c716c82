/** One test per row, and one test per op, on the engine of a suite. */
import { expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import { worstLaw } from "../../src/check/laws/laws.ts";
import { runRow, type Row } from "../../src/check/laws/row.ts";
import type { Subject } from "../../src/check/laws/subject.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import type { Suite } from "./engines.ts";

interface Tries {
  /** The number of cases on the reference engine. */
  readonly cases: number;
  readonly seed: number;
}

export function eachRowHolds(suite: Suite, rows: readonly Row[], { cases: onReference, seed }: Tries): void {
  const cases = suite.cases(onReference);
  it.each(rows.map((row) => [row.id, row.title, row] as const))("%s holds: %s", async (_, _title, row) => {
    expect(await runRow(row, await suite.made, { cases, seed })).toMatchObject({ status: "ok", cases });
  });
}

export function eachOpObeys(suite: Suite, subjects: readonly Subject[], { cases, seed }: Tries): void {
  it.each(subjects.map((subject, i) => [subject.name, i, subject] as const))("%s (%i) obeys the laws of ops", async (name, i, subject) => {
    const [engines, key] = [await suite.made, fold(fold(keyOf(seed), name), i)];
    const broken: string[] = [];
    for (let trial = 0; trial < suite.cases(cases); trial++) {
      const { share, law } = await worstLaw(subject, engines, drawOf(fold(key, trial), engines.engine.precision));
      if (!(share <= 1)) broken.push(`trial ${trial}: ${law}, ${share} of its tolerance`);
    }
    expect(broken).toEqual([]);
  });
}
