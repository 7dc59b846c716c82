/** The example of docs/browser.md: its files, and the headers that the page lists. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundled, type Files, type SentHeaders } from "./site.ts";

const PAGE = "docs/browser.md";
/** Inside the project, so that `import … from "deit"` finds it. */
const FOLDER = "runs/.example";

const blocks = [...readFileSync(PAGE, "utf8").matchAll(/^```([^\n]+)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

/** `Name: value` in each line. */
const headersOf = (text: string): SentHeaders =>
  Object.fromEntries([...text.matchAll(/^([^:\n]+): (.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));

const [first, second, third] = blocks.filter(({ language }) => language === "http").map(({ text }) => headersOf(text));
/** The headers that make a page cross-origin isolated. */
export const isolation: SentHeaders = first ?? {};
/** The content security policy for one thread, and the one for several. */
export const contentPolicy: SentHeaders = second ?? {};
export const threadsPolicy: SentHeaders = third ?? {};

/** The example's three files, bundled. */
export async function exampleFiles(): Promise<Files> {
  const folder = `${FOLDER}-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  try {
    for (const { language, text } of blocks) {
      const name = /^\w+ (\w+\.\w+)$/.exec(language)?.[1];
      if (name !== undefined) writeFileSync(join(folder, name), text);
    }
    return await bundled(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
