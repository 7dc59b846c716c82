/** The pages of the reference hold everything that the program has: each command, key and op. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { entryPoints } from "../../docs/.vitepress/reference/entryPoints.ts";
import { wholeProgram } from "../../src/cli/program.ts";
import { operations } from "../../src/explain/operations/all.ts";
import { writtenKeys } from "../../src/recipe/schema/file.ts";
import { builtSite, site } from "./built.ts";

const BUILD_TIMEOUT_MS = 240_000;

beforeAll(builtSite, BUILD_TIMEOUT_MS);

const page = (name: string): string => readFileSync(join(site, `reference/${name}.html`), "utf8");

/** The texts of the elements of this kind, without their own markup. */
const textsOf = (html: string, tag: string): readonly string[] =>
  [...html.matchAll(new RegExp(`<${tag}\\b[^>]*>([^]*?)</${tag}>`, "g"))].map(([, inner = ""]) =>
    inner
      .replaceAll(/<[^>]+>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .trim(),
  );

/** A command and those below it, each with its whole name. */
const withBelow = (command: Command, before: string): readonly (readonly [string, Command])[] => {
  const name = `${before}${command.name()}`;
  return [[name, command], ...command.commands.flatMap((one) => withBelow(one, `${name} `))];
};

describe("the reference", () => {
  it("has every command, with all its options", async () => {
    const program = await wholeProgram();
    const html = page("cli");
    const titles = [...textsOf(html, "h2"), ...textsOf(html, "h3")].map((title) => title.replace(/\s*\u200B.*$/, ""));
    const codes = new Set(textsOf(html, "code"));
    const commands = program.commands.flatMap((command) => withBelow(command, "deit "));
    expect(commands.map(([name]) => name).filter((name) => !titles.includes(name))).toEqual([]);
    const flags = commands.flatMap(([, { options }]) => options.map((option) => option.flags));
    expect(flags.filter((flag) => !codes.has(flag))).toEqual([]);
  });

  it("has every key of a recipe", () => {
    const codes = new Set(textsOf(page("recipe"), "code"));
    expect(writtenKeys.filter((key) => !codes.has(key))).toEqual([]);
  });

  it("has every op", () => {
    const codes = new Set(textsOf(page("engines"), "code"));
    expect([...operations.keys()].filter((name) => !codes.has(name))).toEqual([]);
  });

  it.each(entryPoints())("has the names that $specifier exports", async ({ name }) => {
    const exported: object = await import(join(site, `../../${name}.js`));
    const titles = textsOf(page(`api/${name}`), "h3").map((title) => title.replace(/\(\).*$|\s*\u200B.*$/g, ""));
    expect(Object.keys(exported).filter((one) => !titles.includes(one))).toEqual([]);
  });
});
