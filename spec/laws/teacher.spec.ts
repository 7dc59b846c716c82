/** The teacher: gradients G20 to G22, identities, and the laws of any op. */
import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import { worstLaw } from "../../src/check/laws.ts";
import { runRow } from "../../src/check/row.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { teacherSubjects } from "../../src/laws/subjects/teacher.ts";
import { teacherRows } from "../../src/laws/teacher.ts";
import { teacherIdentities } from "../../src/laws/teacherIdentities.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";

const CASES = 50;
const TRIALS = 30;
const SEED = 14;

describe("on the reference engine", () => {
  it.each([...teacherRows, ...teacherIdentities].map((row) => [row.id, row.title, row] as const))(
    "%s holds: %s",
    async (_, _title, row) => {
      expect(await runRow(row, referenceEngine(), { cases: CASES, seed: SEED })).toMatchObject({ status: "ok", cases: CASES });
    },
  );

  it.each(teacherSubjects.map((subject, i) => [subject.name, i, subject] as const))(
    "%s (%i) obeys the laws of any op",
    async (_, i, subject) => {
      const key = fold(keyOf(SEED), i);
      const broken: string[] = [];
      for (let trial = 0; trial < TRIALS; trial++) {
        const { share, law } = await worstLaw(subject, referenceEngine(), drawOf(fold(key, trial)));
        if (!(share <= 1)) broken.push(`trial ${trial}: ${law}, ${share} of its tolerance`);
      }
      expect(broken).toEqual([]);
    },
  );
});

describe("the list of rows", () => {
  it("has the gradients of the teacher in their order, each once", () => {
    expect(teacherRows.map(({ id }) => id)).toEqual(["G20", "G21", "G22"]);
  });

  it("says which identity no engine computes", () => {
    expect(teacherIdentities.filter(({ host }) => host).map(({ id }) => id)).toEqual(["identity/regnet-parameters"]);
  });
});
