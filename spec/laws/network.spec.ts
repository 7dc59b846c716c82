import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { networkRows } from "../../src/laws/rows/network.ts";
import { networkGradientRows } from "../../src/laws/rows/networkGradients.ts";
import { identities } from "../../src/laws/identities/network.ts";
import { modelSubjects } from "../../src/laws/cases/subjects/model.ts";
import { opSubjects } from "../../src/laws/cases/subjects/ops.ts";
import { onEachEngineByLane } from "../helpers/engines.ts";
import { eachOpObeys, eachRowHolds } from "../helpers/laws.ts";

const CASES = 30;
const SEED = 1;

const rows = [...networkRows, ...networkGradientRows, ...identities];
const subjects = [...opSubjects, ...modelSubjects];

onEachEngineByLane(["webgpu"], (suite) => {
  eachRowHolds(suite, rows, { cases: CASES, seed: SEED });
  eachOpObeys(suite, subjects, { cases: CASES, seed: SEED });
});

describe("the list of rows", () => {
  it("has the equations of the network in their order, each once", () => {
    const equations = Array.from({ length: 15 }, (_, i) => `E${i + 1}`);
    expect(networkRows.map(({ id }) => id)).toEqual([...equations, "E34"]);
  });

  it("has the gradients of the network in their order, each once", () => {
    expect(networkGradientRows.map(({ id }) => id)).toEqual(["G1", "G2", ...Array.from({ length: 9 }, (_, i) => `G${i + 10}`)]);
  });

  it("says which equations need no engine", () => {
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
