/** Every TypeScript block of the README and of docs compiles in a user's project with the packed package. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import typescript from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { blocksOf, pages } from "../helpers/pages.ts";
import { installed } from "./packed.ts";

const { ModuleKind, ModuleResolutionKind, ScriptTarget } = typescript;
const resolutions = {
  nodenext: { module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext },
  bundler: { module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.Bundler },
};

/** Blocks that are whole programs; quotations of this project's files are not. */
const programs = pages.flatMap((page) =>
  blocksOf(page).flatMap(({ language, text }, i) =>
    /^ts( vitest)?$/.test(language) ? [{ name: `${page.replaceAll("/", ".")}.${i}.ts`, text }] : [],
  ),
);

/** The compiler's own libraries, read once for all programs. */
const libraries = new Map<string, typescript.SourceFile | undefined>();

function hostFor(options: typescript.CompilerOptions): typescript.CompilerHost {
  const host = typescript.createCompilerHost(options);
  const getSourceFile: typescript.CompilerHost["getSourceFile"] = (name, ...rest) => {
    if (!name.includes("/typescript/lib/")) return host.getSourceFile(name, ...rest);
    if (!libraries.has(name)) libraries.set(name, host.getSourceFile(name, ...rest));
    return libraries.get(name);
  };
  return { ...host, getSourceFile };
}

/** The compiler's errors in a user's files and in the declarations of this package. */
function errors(folder: string, names: readonly string[], resolution: typescript.CompilerOptions): readonly string[] {
  const common = {
    strict: true,
    noEmit: true,
    target: ScriptTarget.ES2023,
    types: ["node"],
    typeRoots: [join(folder, "node_modules/@types")],
  };
  const options = { ...resolution, ...common };
  const rootNames = names.map((name) => join(folder, name));
  const program = typescript.createProgram(rootNames, options, hostFor(options));
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(folder));
  return files.flatMap((file) =>
    [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText }) => `${file.fileName.slice(folder.length + 1)}: ${typescript.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
  );
}

it("the pages have programs in TypeScript", () => {
  expect(programs.map(({ name }) => name.replace(/\d+\.ts$/, ""))).toEqual(
    expect.arrayContaining(["README.md.", "docs.checking-gradients.md.", "docs.webgpu.md.", "docs.weights.md."]),
  );
});

/** A program that must not compile, which shows that errors are found. */
const wrong = { name: "wrong.ts", text: 'import { deitConfig } from "deit";\ndeitConfig("deit-tiny", { depth: "two" });\n' };

const LONG = process.env["DEIT_LONG"] === "1";

describe.each([
  { fastCheck: "fast-check-newest", wanted: programs },
  { fastCheck: "fast-check", wanted: programs.filter(({ text }) => text.includes("fast-check")) },
])("with $fastCheck", ({ fastCheck, wanted }) => {
  const folder = installed(fastCheck, ["vitest", "@types/node"]);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const files = [wrong, ...wanted];
  for (const { name, text } of files) writeFileSync(join(folder, name), text);

  const quick = fastCheck === "fast-check-newest" ? "nodenext" : "bundler";
  const tried = Object.entries(resolutions).filter(([name]) => LONG || name === quick);
  it.each(tried)("compile under --strict with module resolution %s", (_, resolution) => {
    const names = files.map(({ name }) => name);
    expect(errors(folder, names, resolution)).toEqual(["wrong.ts: Type 'string' is not assignable to type 'number'."]);
  });
});
