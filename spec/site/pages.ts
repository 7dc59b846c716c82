/** The pages of the site as text, and what is still missing. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chapters } from "../../docs/.vitepress/chapters.ts";

export const docs: string = join(import.meta.dirname, "../../docs");

/** A page in English and in Chinese, relative to docs; null: there is none. */
export interface Page {
  readonly name: string;
  readonly en: string | null;
  readonly zh: string | null;
}

const textOf = (path: string): string | null => (existsSync(join(docs, path)) ? readFileSync(join(docs, path), "utf8") : null);

const pageOf = (name: string): Page => ({ name, en: textOf(`${name}.md`), zh: textOf(`zh/${name}.md`) });

/** The chapters of the reading path, in order. */
export const chapterPages: readonly Page[] = chapters.map(({ slug }) => pageOf(`learn/${slug}`));

/** All pages that have a Chinese translation, or must have one. */
export const translatedPages: readonly Page[] = [...chapterPages, pageOf("playground"), pageOf("index")];

/** The text without its front matter. */
export const bodyOf = (text: string): string => text.replace(/^---\n[^]*?\n---\n/, "");

/** A field of the front matter; null: it has none. */
export const fieldOf = (text: string, field: string): string | null =>
  new RegExp(`^---\\n[^]*?^${field}: *(\\S+)$[^]*?^---$`, "m").exec(text)?.[1]?.replaceAll(/^['"]|['"]$/g, "") ?? null;

/** What `translationOf` must say. */
export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

/** The levels of the headings, in order. */
export const headingsOf = (text: string): readonly number[] => [...bodyOf(text).matchAll(/^(#+) /gm)].map(([, marks = ""]) => marks.length);

/** The tags of formulas and widgets, in order: `<Try example="gelu" />`. */
export const tagsOf = (text: string): readonly string[] => [...bodyOf(text).matchAll(/<[A-Z]\w*\b[^>]*>/g)].map(([tag]) => tag);

/** Links within the reading path, each as its chapter and anchor, in order. */
export const linksOf = (text: string): readonly string[] =>
  [...bodyOf(text).matchAll(/\]\((\.\/[^)]*|#[EG]\d+)\)/g)].map(([, to = ""]) => to);

/** The starters of all exercises, as `CHAPTER/NAME`. */
export const starters: readonly string[] = readdirSync(join(docs, ".vitepress/exercises"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".js"))
  .map((name) => name.replace(/\.js$/, ""));
