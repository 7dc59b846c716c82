import { describe, expect, it } from "vitest";
import { runRow } from "../../src/check/laws/row.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { engineOf } from "../../src/cli/engine.ts";
import { allRows } from "../../src/laws/rows.ts";
import { json } from "./deit.ts";
import { deitHere, jsonHere } from "./inProcess.ts";

const upTo = (letter: string, last: number): readonly string[] => Array.from({ length: last }, (_, i) => `${letter}${i + 1}`);

describe("the rows of deit check", () => {
  const ids = allRows.map(({ id }) => id);

  it("are the numbered equations and gradients, one row each and in order, then the ops, then the identities", () => {
    const numbered = [...upTo("E", 39), ...upTo("G", 22)];
    expect(ids.slice(0, numbered.length)).toEqual(numbered);
    const order = ["op", "identity", "draws"];
    const others = ids.slice(numbered.length).map((id) => id.split("/")[0]);
    expect(others).toEqual([...others].toSorted((a = "", b = "") => order.indexOf(a) - order.indexOf(b)));
    expect(new Set(others)).toEqual(new Set(order));
  });

  it("have distinct ids", () => {
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("are marked host if no engine computes them", () => {
    expect(allRows.filter(({ id, host }) => host === true && /^[EG]\d/.test(id)).map(({ id }) => id)).toEqual(
      expect.arrayContaining(["E28", "E29", "E30", "E32", "E34"]),
    );
  });
});

describe("deit check", () => {
  const few = ["--only", "E3", "--only", "E28", "--only", "op/linear", "--cases", "3"];

  it.each([
    { engine: "reference", equation: 1e-12, gradients: 1e-7 },
    { engine: "wasm", equation: tolerances.equation.f32.bound, gradients: tolerances.gradients.f32.bound },
  ])("prints the contract's JSON on $engine, in the order of the rows", async ({ engine, equation, gradients }) => {
    const report = { cases: 3, worst: expect.any(Number), status: "ok", title: expect.any(String) };
    expect(await jsonHere("check", ...few, "--engine", engine)).toEqual({
      rows: [
        { id: "E3", tolerance: equation, ...report },
        { id: "E28", tolerance: 0, host: true, ...report },
        { id: "op/linear", tolerance: gradients, ...report },
      ],
      ok: true,
    });
  });

  it("prints a table, and exits with 0 if all rows hold", async () => {
    const { status, stdout, stderr } = await deitHere("check", ...few, "--seed", "5");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^id +claim +cases +wasm +allowed\nE3 /);
    expect(stdout).toMatch(/\nwasm: 3 of 3 rows hold \(3 cases each, seed 5\)\n$/);
  });

  it("gives bitwise identical errors on several threads and on one", async () => {
    const options = { cases: 2, seed: 9 };
    const engine = await engineOf({ engine: "reference", threads: 1 });
    const chosen = allRows.filter(({ id }) => /^(E|G)\d$/.test(id));
    const alone = [];
    for (const row of chosen) alone.push((await runRow(row, { engine, reference: engine }, options)).worst);
    const only = chosen.flatMap(({ id }) => ["--only", id]);
    const { rows } = Object(json(["check", ...only, "--cases", "2", "--seed", "9", "--engine", "reference"]));
    expect(rows.map(({ worst }: { worst: number }) => worst)).toEqual(alone);
  });
});
