/** Every op has laws, and for every op an error is planted that the laws must find. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allSubjects } from "../../src/laws/cases/subjects.ts";
import type { PlantedError } from "../helpers/planted.ts";
import { arithmeticErrors } from "./errors/arithmetic.ts";
import { layoutErrors } from "./errors/layout.ts";
import { lossErrors } from "./errors/losses.ts";
import { modelErrors } from "./errors/model.ts";
import { teacherErrors } from "./errors/teacher.ts";

const errors: readonly PlantedError[] = [...arithmeticErrors, ...layoutErrors, ...lossErrors, ...modelErrors, ...teacherErrors];

const isOp = (value: unknown): value is object => typeof value === "object" && value !== null && "forward" in value && "vjp" in value;

const urlOf = (path: string): URL => new URL(`../../src/${path}`, import.meta.url);

const filesOf = (folder: string): readonly string[] => readdirSync(urlOf(`${folder}/`)).map((file) => file.replace(/\.ts$/, ""));

/** `defineOp({ name: "layerNorm", …`, also where a function makes the op. */
const definedIn = (folder: string): readonly string[] =>
  filesOf(folder).flatMap((file) =>
    [...readFileSync(urlOf(`${folder}/${file}.ts`), "utf8").matchAll(/defineOp\(\{\s*name: "(\w+)"/g)].map(([, name = ""]) => name),
  );

const modules: Record<string, (file: string) => Promise<Record<string, unknown>>> = {
  ops: (file) => import(`../../src/ops/${file}.ts`),
  losses: (file) => import(`../../src/losses/${file}.ts`),
  model: (file) => import(`../../src/model/${file}.ts`),
  teacher: (file) => import(`../../src/teacher/${file}.ts`),
};

describe("every op", () => {
  it.each(Object.entries(modules))("of src/%s is the subject of laws", async (folder, load) => {
    const exported = (await Promise.all(filesOf(folder).map(load))).flatMap((module) => Object.entries(module));
    const ops = exported.filter(([, value]) => isOp(value));
    const subjects = new Set<unknown>(allSubjects.map(({ op }) => op));
    expect(ops.length).toBeGreaterThan(0);
    expect(ops.filter(([, op]) => !subjects.has(op)).map(([name]) => name)).toEqual([]);
  });

  it.each(Object.keys(modules))("that src/%s defines is, by name, the subject of laws", (folder) => {
    const names = new Set(allSubjects.map(({ name }) => name));
    expect(definedIn(folder).length).toBeGreaterThan(0);
    expect(definedIn(folder).filter((name) => !names.has(name))).toEqual([]);
  });

  it("that is the subject of laws has an error planted in it", () => {
    const faulty = new Set(errors.map(({ op }) => op));
    expect(allSubjects.filter(({ op }) => !faulty.has(op)).map(({ name }) => name)).toEqual([]);
  });
});

describe("every planted error", () => {
  it("is in an op that is the subject of laws", () => {
    const subjects = new Set(allSubjects.map(({ op }) => op));
    expect(errors.filter(({ op }) => !subjects.has(op)).map(({ name, what }) => `${name}: ${what}`)).toEqual([]);
  });

  it("has a title of its own", () => {
    const titles = errors.map(({ name, what }) => `${name}: ${what}`);
    expect(titles.filter((title, i) => titles.indexOf(title) !== i)).toEqual([]);
  });
});
