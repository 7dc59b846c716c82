/** The losses and their gradients: equations, identities, and the laws of ops. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { lossGradientRows } from "../../src/laws/rows/lossGradients.ts";
import { lossIdentities } from "../../src/laws/identities/losses.ts";
import { lossRows } from "../../src/laws/rows/losses.ts";
import { lossSubjects } from "../../src/laws/cases/subjects/losses.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { eachOpObeys, eachRowHolds } from "../helpers/laws.ts";

const CASES = 50;
const TRIALS = 30;
const SEED = 11;

onEachEngine((suite) => {
  eachRowHolds(suite, [...lossRows, ...lossGradientRows, ...lossIdentities], { cases: CASES, seed: SEED });
  eachOpObeys(suite, lossSubjects, { cases: TRIALS, seed: SEED });
});

describe("the subjects", () => {
  it("are all ops of src/losses", async () => {
    const files = readdirSync(new URL("../../src/losses", import.meta.url)).map((file) => file.replace(/\.ts$/, ""));
    const modules: object[] = await Promise.all(files.map((file) => import(`../../src/losses/${file}.ts`)));
    const exported = modules.flatMap((module): unknown[] => Object.values(module));
    const ops = exported.filter((value) => typeof value === "object" && value !== null && "vjp" in value);
    expect(new Set(lossSubjects.map(({ op }) => op))).toEqual(new Set(ops));
  });
});
