/** The committed results of the experiments, and the pages about them: every number on a page is in its result file, and every reading follows from its seeds. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { experiments } from "../../src/experiments/list.ts";
import { readingOf, type ResultFile } from "../../src/experiments/result.ts";
import { interval, mean, standardError } from "../../src/experiments/statistics.ts";
import { scaled, units } from "../../src/experiments/units.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "docs/experiments");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((file): { readonly file: string; readonly result: ResultFile } => ({ file, result: JSON.parse(read(file)) }));
const results = files.map(({ result }) => result);

const NUMBER = /\d+(?:[.,]\d+)*/g;

/** Every number in a JSON value, those within its texts included. */
function numbersIn(value: unknown): readonly (number | string)[] {
  if (typeof value === "number") return [value];
  if (typeof value === "string") return value.match(NUMBER) ?? [];
  return value === null || typeof value !== "object" ? [] : Object.values(value).flatMap(numbersIn);
}

/** The ratios of speeds, whose logarithms are stored. */
const ratiosIn = ({ claims }: ResultFile): readonly number[] =>
  claims.filter(({ unit }) => units[unit].logarithmic).flatMap((claim) => numbersIn(claim).map((x) => Math.exp(Number(x))));

/** Whether a number as it is written is one of these, rounded to as many digits. */
function isAmong(written: string, known: readonly (number | string)[]): boolean {
  const text = written.replaceAll(/,(?=\d{3})/g, "");
  const digits = text.split(".")[1]?.length ?? 0;
  return known.some((one) => {
    if (typeof one === "string") return one.replaceAll(/,(?=\d{3})/g, "") === text;
    return Math.abs(one).toFixed(digits) === text;
  });
}

/** The numbers of a page's text that no result has; links to other pages, and code, are no text. */
function strangersIn(page: string, known: readonly (number | string)[]): readonly string[] {
  const text = page.replaceAll(/\]\([^)]*\)/g, "]").replaceAll(/`[^`]*`/g, "");
  return (text.match(NUMBER) ?? []).filter((written) => !isAmong(written, known));
}

describe.each(files)("docs/experiments/$file", ({ file, result }) => {
  const { experiment: name, quantities, claims, seeds } = result;
  const definition = experiments.get(name);
  const page = read(`${name}.md`);
  /** What every page may say: the level of the intervals, and how often a power is reached. */
  const known = [
    ...results.filter(({ experiment }) => experiment === name).flatMap((one) => [...numbersIn(one), ...ratiosIn(one)]),
    "95",
    "80",
  ];

  it("is of the experiment as it is defined, with nothing left out", () => {
    expect([`${name}.json`, `${name}-${result.data}.json`]).toContain(file);
    expect(definition).toBeDefined();
    expect(result.arms).toEqual(definition?.arms);
    expect(result.measurements).toEqual(definition?.measurements);
    expect(quantities).toEqual(definition?.quantities.map((one) => expect.objectContaining(one)));
    expect(claims).toEqual(definition?.claims.map((one) => expect.objectContaining(one)));
    expect(seeds).toBeGreaterThanOrEqual(definition?.settings[result.data]?.seeds ?? Infinity);
  });

  it("says where it comes from", () => {
    expect(result.command).toMatch(new RegExp(`^deit experiment ${name}`));
    expect(result.command).not.toMatch(/ \/|:\//);
    expect(Date.parse(result.date)).toBeGreaterThan(0);
    expect(result.machine).toMatch(/Node v\d+/);
    expect(result.commit).toMatch(/^[\da-f]{40}$/);
  });

  it("has means, intervals and readings that follow from the numbers of each seed", () => {
    for (const quantity of quantities) {
      expect(quantity.values).toHaveLength(seeds);
      expect(quantity.mean).toBeCloseTo(mean(quantity.values), 9);
      expect(quantity.standardError).toBeCloseTo(standardError(quantity.values), 9);
    }
    for (const { of, unit, says, differences, interval: range, reading, power } of claims) {
      const [more, less] = of.map((names) => names.map((one) => quantities.find((quantity) => quantity.name === one)?.values ?? []));
      const sum = (some: readonly (readonly number[])[] = [], seed = 0): number =>
        some.reduce((total, values) => total + scaled(unit, values[seed] ?? NaN), 0);
      const found = Array.from({ length: seeds }, (_, seed) => sum(more, seed) - sum(less, seed));
      for (const [seed, difference] of differences.entries()) expect(difference).toBeCloseTo(found[seed] ?? NaN, 9);
      const [from, to] = interval(found);
      expect(range[0]).toBeCloseTo(from, 9);
      expect(range[1]).toBeCloseTo(to, 9);
      expect(reading).toBe(readingOf(says, [from, to]));
      expect(power).toBeGreaterThan(0);
    }
    for (const { text, reading } of claims) expect(result.reading).toContain(`${text.replace(/\.$/, "")}: ${reading}.`);
  });

  it("has every number of its page", () => {
    expect(strangersIn(page, known)).toEqual([]);
    expect(strangersIn(`${page} Planted: 43.21987`, known)).toEqual(["43.21987"]);
  });
});

it("every experiment has a committed result, and its place in the summary", () => {
  const index = read("index.md");
  for (const { name } of experiments.values()) {
    expect(files.map(({ file }) => file)).toContain(`${name}.json`);
    expect(index).toContain(`](./${name}.md)`);
  }
  const recipes = ["cifar10", "cifar10-small", "experiment/cifar10"].map((name) =>
    readFileSync(join(root, `recipes/${name}.toml`), "utf8"),
  );
  expect(strangersIn(index, [...results.flatMap(numbersIn), ...numbersIn(recipes), "95", "80", "100"])).toEqual([]);
});

it("the pages and figures are those of the results: node spec/docs/experiments.mjs writes them", () => {
  const { status, stdout } = spawnSync(process.execPath, ["spec/docs/experiments.mjs", "--check"], { cwd: root, encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});
