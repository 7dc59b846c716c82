/** The teacher: gradients G20 to G22, identities, and the laws of ops. */
import { describe, expect, it } from "vitest";
import { teacherSubjects } from "../../src/laws/cases/subjects/teacher.ts";
import { teacherRows } from "../../src/laws/rows/teacher.ts";
import { teacherIdentities } from "../../src/laws/identities/teacher.ts";
import { onEachEngineByLane } from "../helpers/engines.ts";
import { lane } from "../helpers/lane.ts";
import { eachOpObeys, eachRowHolds } from "../helpers/laws.ts";

/** `npm test` tries half of them. */
const [CASES, TRIALS] = lane === "fast" ? [25, 15] : [50, 30];
const SEED = 14;

onEachEngineByLane(["webgpu"], (suite) => {
  eachRowHolds(suite, [...teacherRows, ...teacherIdentities], { cases: CASES, seed: SEED });
  eachOpObeys(suite, teacherSubjects, { cases: TRIALS, seed: SEED });
});

describe("the list of rows", () => {
  it("has the gradients of the teacher in their order, each once", () => {
    expect(teacherRows.map(({ id }) => id)).toEqual(["G20", "G21", "G22"]);
  });

  it("says which identity needs no engine", () => {
    expect(teacherIdentities.filter(({ host }) => host).map(({ id }) => id)).toEqual(["identity/regnet-parameters"]);
  });
});
