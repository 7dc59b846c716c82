import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deit, json } from "./deit.ts";
import { tinyRecipe } from "./tiny.ts";

describe("deit compare", () => {
  const place = (): { readonly folder: string; readonly recipe: string } => {
    const folder = temporaryFolder();
    return { folder, recipe: tinyRecipe(folder) };
  };

  it("trains both arms on each seed, and its table is that of the runs", () => {
    const { folder, recipe } = place();
    const out = join(folder, "runs");
    const result = Object(json(["compare", recipe, "--seeds", "2", "--out", out], folder));
    expect(readdirSync(out).toSorted()).toEqual(["distilled-0", "distilled-1", "plain-0", "plain-1"]);
    const rows: { seed: number; distilled: number; plain: number; difference: number; teacher: number }[] = result.rows;
    expect(rows.map(({ seed }) => seed)).toEqual([0, 1]);
    for (const { seed, distilled, plain, difference } of rows) {
      const top1 = (run: string): unknown => Object(json(["eval", join(out, run), "synthetic:7"], folder)).top1;
      expect([distilled, plain]).toEqual([top1(`distilled-${seed}`), top1(`plain-${seed}`)]);
      expect(difference).toBeCloseTo(distilled - plain, 12);
    }
    const [a = NaN, b = NaN] = rows.map((row) => row.difference);
    expect(result.difference.mean).toBeCloseTo((a + b) / 2, 12);
    expect(result.difference.standardError).toBeCloseTo(Math.abs(a - b) / 2, 12); // of two values: half their distance
    expect(result.epochs).toBe(2);
  });

  it("prints the difference whatever its sign, and that one seed has no standard error", () => {
    const { folder, recipe } = place();
    const { status, stdout } = deit(["compare", recipe, "--seeds", "1", "--out", join(folder, "one")], folder);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^seed +teacher +distilled +plain +difference$/m);
    expect(stdout).toMatch(/Distillation changes top-1 by [+-]?\d+\.\d\d points; .* unknown for one seed/);
  });

  it("begins no other run once one has failed, and says which and why", () => {
    const { folder, recipe } = place();
    const out = join(folder, "failing");
    mkdirSync(join(out, "plain-0"), { recursive: true }); // no run that could go on
    const { status, stderr } = deit(["compare", recipe, "--seeds", "4", "--out", out], folder);
    expect(status).toBe(2);
    expect(stderr).toMatch(/deit compare: \S+plain-0: .*no run to resume/);
    expect(readdirSync(out)).not.toContain("distilled-2");
  });

  it("refuses a recipe without a teacher, with nothing written", () => {
    const { folder, recipe } = place();
    const { status, stderr } = deit(["compare", recipe, "--set", "distillation.kind=none", "--out", join(folder, "none")], folder);
    expect(status).toBe(2);
    expect(stderr).toBe("deit compare: recipe tiny: there is no teacher whose help could be measured\n");
    expect(readdirSync(folder)).not.toContain("none");
  });
});
