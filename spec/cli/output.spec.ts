import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { RowReport } from "../../src/check/laws/row.ts";
import { printReports } from "../../src/cli/commands/check.ts";
import { nearest } from "../../src/recipe/nearest.ts";
import { printJson, table } from "../../src/cli/output.ts";

/** The text that f writes to stdout. */
function written(f: () => void): string {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  onTestFinished(() => spy.mockRestore());
  f();
  spy.mockRestore();
  return text;
}

const report = (id: string, status: RowReport["status"], worst: number): RowReport => ({
  id,
  title: "a claim",
  cases: 2,
  worst,
  tolerance: 1e-7,
  status,
});

describe("output", () => {
  it("writes one JSON object, with null for numbers that are not finite", () => {
    expect(written(() => printJson({ a: NaN, b: [Infinity, 1], c: { d: -Infinity } }))).toBe('{"a":null,"b":[null,1],"c":{"d":null}}\n');
  });

  it("aligns the columns of a table, counting characters rather than bytes", () => {
    expect(table([["γ", "n"], ["long", "100"], ["é", "7"]], ["left", "right"])).toEqual(["γ       n", "long  100", "é       7"]); // prettier-ignore
  });

  it("finds the nearest known words, nearest first", () => {
    expect(nearest("G100", ["E1", "G1", "G10", "op/gelu"], 2)).toEqual(["G10", "G1"]);
  });
});

describe("the table of deit check", () => {
  const options = { cases: 2, seed: 0 };

  it("returns true if all rows hold", () => {
    const reports = [report("E1", "ok", 0), report("E2", "ok", 1e-9)];
    const text = written(() => expect(printReports([{ engine: "wasm", reports }], options)).toBe(true));
    expect(text).toMatch(/\nE2 +a claim +2 +1\.00e-9 +1e-7 +ok\n\nwasm: 2 of 2 rows hold \(2 cases each, seed 0\)\n$/);
  });

  it("shows the errors of several engines side by side, and returns false if a row is off on one of them", () => {
    const [good, bad] = [[report("E1", "ok", 0)], [report("E1", "off", 1)]];
    const checked = [
      { engine: "reference", reports: good },
      { engine: "wasm", reports: bad },
    ];
    const text = written(() => expect(printReports(checked, options)).toBe(false));
    expect(text).toMatch(/^id +claim +cases +reference +allowed +wasm +allowed\nE1 +a claim +2 +0\.00e\+0 +1e-7 +1\.00e\+0 +1e-7 +OFF\n/);
    expect(text).toMatch(/\nreference: 1 of 1 rows hold .*\nwasm: 0 of 1 rows hold/);
  });

  it("marks a row that is off", () => {
    const reports = [report("E1", "ok", 0), report("E2", "off", Infinity)];
    const text = written(() => expect(printReports([{ engine: "wasm", reports }], options)).toBe(false));
    expect(text).toMatch(/\nE2 +a claim +2 +Infinity +1e-7 +OFF\n\nwasm: 1 of 2 rows hold/);
  });
});
