import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import { worstLaw } from "../../src/check/laws.ts";
import { runRow } from "../../src/check/row.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { networkRows } from "../../src/laws/network.ts";
import { networkGradientRows } from "../../src/laws/networkGradients.ts";
import { identities } from "../../src/laws/networkIdentities.ts";
import { modelSubjects } from "../../src/laws/subjects/model.ts";
import { opSubjects } from "../../src/laws/subjects/ops.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";

const CASES = 30;
const SEED = 1;

const rows = [...networkRows, ...networkGradientRows, ...identities];
const subjects = [...opSubjects, ...modelSubjects];

describe("on the reference engine", () => {
  it.each(rows.map((row) => [row.id, row.title, row] as const))("%s holds: %s", async (_, _title, row) => {
    expect(await runRow(row, referenceEngine(), { cases: CASES, seed: SEED })).toMatchObject({ status: "ok", cases: CASES });
  });

  it.each(subjects.map((subject) => [subject.name, subject] as const))("%s obeys the laws of any op", async (name, subject) => {
    const key = fold(keyOf(SEED), name);
    const broken: string[] = [];
    for (let i = 0; i < CASES; i++) {
      const { share, law } = await worstLaw(subject, referenceEngine(), drawOf(fold(key, i)));
      if (!(share <= 1)) broken.push(`case ${i}: ${law}, ${share} of its tolerance`);
    }
    expect(broken).toEqual([]);
  });
});

describe("the list of rows", () => {
  it("has the equations of the network in their order, each once", () => {
    const equations = Array.from({ length: 15 }, (_, i) => `E${i + 1}`);
    expect(networkRows.map(({ id }) => id)).toEqual([...equations, "E34"]);
  });

  it("has the gradients of the network in their order, each once", () => {
    expect(networkGradientRows.map(({ id }) => id)).toEqual(["G1", "G2", ...Array.from({ length: 9 }, (_, i) => `G${i + 10}`)]);
  });

  it("says which equations no engine computes", () => {
    expect(networkRows.filter(({ host }) => host).map(({ id }) => id)).toEqual(["E34"]);
  });
});

describe("the list of subjects", () => {
  const isOp = (value: unknown): value is object => typeof value === "object" && value !== null && "forward" in value && "vjp" in value;
  const folders: Record<string, (stem: string) => Promise<Record<string, unknown>>> = {
    ops: (stem) => import(`../../src/ops/${stem}.ts`),
    model: (stem) => import(`../../src/model/${stem}.ts`),
  };

  it.each(Object.entries(folders))("has every op that src/%s exports", async (folder, load) => {
    const files = readdirSync(new URL(`../../src/${folder}/`, import.meta.url));
    const modules = await Promise.all(files.map((file) => load(file.replace(/\.ts$/, ""))));
    const exported = modules.flatMap((exports) => Object.values(exports).filter(isOp));
    const known = new Set<object>(subjects.map(({ op }) => op));
    expect(exported.length).toBeGreaterThan(0);
    expect(exported.filter((op) => !known.has(op))).toEqual([]);
  });

  it("names each op once", () => {
    const names = subjects.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });
});
