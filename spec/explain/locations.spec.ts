/** What `deit explain` says of the source is so: every line that it names holds the definition, and every number is covered. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { equations } from "../../src/explain/equations.ts";
import { explain, type Explanation } from "../../src/explain/explain.ts";
import { sources } from "../../src/explain/generated/sources.ts";
import { operations } from "../../src/explain/operations/all.ts";
import type { SourceLocation } from "../../src/explain/locations.ts";
import { targetOf } from "../../src/explain/target.ts";
import { allSubjects } from "../../src/laws/cases/subjects.ts";
import { allRows } from "../../src/laws/rows.ts";

const root = join(import.meta.dirname, "../..");
const textOf = (file: string): string => readFileSync(join(root, file), "utf8");
const lineAt = ({ file, line }: SourceLocation): string => textOf(file).split("\n")[line - 1] ?? "";

const explained = (text: string): Explanation => explain(targetOf(text), null);
const numbers = (letter: string, most: number): readonly string[] => Array.from({ length: most }, (_, i) => `${letter}${i + 1}`);
const ids = [...numbers("E", 39), ...numbers("G", 22)];

/** Whether a line begins the definition of a function of this name. */
const defines = (line: string, name: string): boolean =>
  new RegExp(`^\\s*(?:export )?(?:(?:function|const) )?${name}\\b(?: = |[(:<])`).test(line);

const isVjp = (line: string): boolean => /\bvjp[(:]/.test(line);

/** The files of src/laws and src/check that a file leads to by its import lines. */
function lawsBehind(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file) || !/^src\/(?:laws|check)\//.test(file)) return seen;
  seen.add(file);
  for (const [, to = ""] of textOf(file).matchAll(/from "(\.[^"]+)"/g)) lawsBehind(join(dirname(file), to), seen);
  return seen;
}

describe("the index of the source", () => {
  it("has no op and no routine that cannot be explained", () => {
    expect(Object.keys(sources.ops).filter((name) => !operations.has(name))).toEqual([]);
  });

  it("is that of the source as it is: npm run build makes it anew", async () => {
    const generator: { readonly sourceIndex: () => string } = await import(join(root, "sourceIndex.mjs"));
    expect(textOf("src/explain/generated/sources.ts")).toBe(generator.sourceIndex());
  });

  it("has every numbered formula of docs/deit.md", () => {
    expect(Object.keys(sources.formulas).toSorted()).toEqual(ids.toSorted());
    const page = textOf("docs/deit.md");
    for (const id of ids) for (const line of (sources.formulas[id] ?? "").split("\n")) expect(page).toContain(line.trim());
  });
});

describe("the equations and gradients", () => {
  it("are all there", () => {
    expect([...equations.keys()]).toEqual(ids);
  });

  it.each(ids)("%s: title and row are those of deit check, and the row's line has the number", (id) => {
    const { title, row } = explained(id);
    expect(title).toBe(allRows.find((one) => one.id === id)?.title);
    expect(row.id).toBe(id);
    expect(lineAt(row)).toContain(`"${id}"`);
  });

  it.each(ids)("%s: the forward's line begins a definition, in a file that cites the number or its op's", (id) => {
    const { forward } = explained(id);
    const { by } = equations.get(id) ?? {};
    const name = by?.split(" ")[1] ?? "(?:forward|run)";
    expect(lineAt(forward)).toSatisfy((line: string) => defines(line, name) || / (?:forward|run)\(/.test(line) || /forward: /.test(line));
  });

  it.each(ids)("%s: the vjp's line begins a vjp in the file of the forward", (id) => {
    const { forward, vjp } = explained(id);
    expect(vjp === null ? !id.startsWith("G") : vjp.file === forward.file && isVjp(lineAt(vjp))).toBe(true);
  });

  it.each(ids)("%s: the oracle's line begins its function, which the row's file leads to", (id) => {
    const { oracle, row } = explained(id);
    const [file = "", name = ""] = equations.get(id)?.oracle.split(" ") ?? [];
    expect(oracle?.file).toBe(`src/${file}`);
    expect(defines(oracle === null ? "" : lineAt(oracle), name)).toBe(true);
    expect(lawsBehind(row.file)).toContain(`src/${file}`);
  });

  it("are cited by number where they are computed", () => {
    const uncited = ids.filter((id) => !textOf(explained(id).forward.file).includes(`(${id})`));
    expect(uncited).toEqual(["E29", "G5"]); // a count of the whole program; (G4) on a target of (E20)
  });
});

describe("the ops", () => {
  it("are all that deit check has a row for", () => {
    const names = new Set(allSubjects.map(({ name }) => name));
    expect([...names].filter((name) => !operations.has(name))).toEqual([]);
    expect([...operations.values()].filter(({ name, row }) => row === undefined && !names.has(name))).toEqual([]);
  });

  it.each([...operations.keys()])("%s: every line begins what it says", (name) => {
    const { id, title, formula, forward, vjp, oracle, row } = explained(name);
    expect(id).toBe(name);
    expect([title, formula]).not.toContain("");
    expect(lineAt(forward)).toMatch(new RegExp(`\\b(?:forward|run|${name})\\b`));
    expect(vjp === null || isVjp(lineAt(vjp))).toBe(true);
    expect(oracle === null || defines(lineAt(oracle), operations.get(name)?.oracle?.split(" ")[1] ?? "")).toBe(true);
    expect(allRows.map((one) => one.id)).toContain(row.id);
    expect(lineAt(row)).toMatch(row.id.startsWith("op/") ? /(?:subjectOf|withoutStats)\(/ : new RegExp(`"${row.id}"`));
  });
});
