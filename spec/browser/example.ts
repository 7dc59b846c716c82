/** The example of docs/browser.md as a site: its files and the headers that the page gives. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundled, type Files } from "./site.ts";

const PAGE = "docs/browser.md";
/** Inside the project, so that `import … from "deit"` finds it. */
const FOLDER = "dist/.example";

const blocks = (): readonly { readonly language: string; readonly text: string }[] =>
  [...readFileSync(PAGE, "utf8").matchAll(/^```([^\n]+)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({ language, text }));

/** `Name: value` in each line, of each block of headers. */
export const exampleHeaders = (): readonly Readonly<Record<string, string>>[] =>
  blocks()
    .filter(({ language }) => language === "http")
    .map(({ text }) => Object.fromEntries([...text.matchAll(/^([^:\n]+): (.*)$/gm)].map(([, name = "", value = ""]) => [name, value])));

/** The three files, bundled. */
export async function exampleFiles(): Promise<Files> {
  const folder = `${FOLDER}-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    for (const { language, text } of blocks()) {
      const name = /^\w+ (\w+\.\w+)$/.exec(language)?.[1];
      if (name !== undefined) writeFileSync(join(folder, name), text);
    }
    return await bundled(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
