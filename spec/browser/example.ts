/** The example of docs/browser.md as a site: its files and the headers that the page gives. */
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
/** What makes a page cross-origin isolated. */
export const isolation: SentHeaders = first ?? {};
/** What a policy on content must allow, and what it must for threads. */
export const contentPolicy: SentHeaders = second ?? {};
export const threadsPolicy: SentHeaders = third ?? {};

/** The three files, bundled. */
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
