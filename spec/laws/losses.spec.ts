/** The losses and their gradients: equations, identities, and the laws of any op. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import { worstLaw } from "../../src/check/laws.ts";
import { runRow, type Row } from "../../src/check/row.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { lossGradientRows } from "../../src/laws/lossGradients.ts";
import { lossIdentities } from "../../src/laws/lossIdentities.ts";
import { lossRows } from "../../src/laws/losses.ts";
import { lossSubjects } from "../../src/laws/subjects/losses.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";

const CASES = 50;
const TRIALS = 30;
const SEED = 11;

const byName = (rows: readonly Row[]): readonly (readonly [string, Row])[] => rows.map((row) => [`${row.id}, ${row.title}`, row]);

describe.each([
  ["an equation", lossRows],
  ["a gradient", lossGradientRows],
  ["an identity", lossIdentities],
])("%s of the losses holds:", (_, rows) => {
  it.each(byName(rows))("%s", async (_, row) => {
    expect(await runRow(row, referenceEngine(), { cases: CASES, seed: SEED })).toMatchObject({ status: "ok", cases: CASES });
  });
});

describe("the laws of any op hold for", () => {
  it.each(lossSubjects.map((subject) => [subject.name, subject] as const))("%s", async (name, subject) => {
    const engine = referenceEngine();
    for (let i = 0; i < TRIALS; i++) {
      const { share, law } = await worstLaw(subject, engine, drawOf(fold(fold(keyOf(SEED), name), i)));
      expect(share, `${law}, trial ${i}`).toBeLessThanOrEqual(1);
    }
  });
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
