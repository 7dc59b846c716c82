/** The code blocks of the README and of the pages in docs. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface Block {
  /** The text after the opening fence: `js`, `ts vitest`. */
  readonly language: string;
  readonly text: string;
}

/** The README and the guides, by their paths in the repository. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** The blocks of a page, in order. */
export const blocksOf = (page: string): readonly Block[] =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
    language,
    text,
  }));
