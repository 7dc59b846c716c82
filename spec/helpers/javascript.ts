/** This project's code as JavaScript, for processes that a spec starts. Types are removed, not checked. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import typescript from "typescript";

const root = join(import.meta.dirname, "../..");
const compilerOptions = {
  target: typescript.ScriptTarget.ES2023,
  module: typescript.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
};

/** Compiles every file of these folders, except specs, into the same folders under `target`. Folders are relative to the project. */
export function compileInto(target: string, ...folders: readonly string[]): void {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".spec.ts"))
      .map((name) => join(folder, name)),
  );
  for (const file of files) {
    const { outputText } = typescript.transpileModule(readFileSync(join(root, file), "utf8"), { compilerOptions, fileName: file });
    const path = join(target, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, outputText);
  }
  writeFileSync(join(target, "package.json"), '{ "type": "module" }\n');
}
