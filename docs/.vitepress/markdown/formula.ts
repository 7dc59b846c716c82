/**
 * `<Formula id="E9" />` on a line of its own: the formula typeset, under its number, beside the lines of code that compute it. Formulas that the same
 * lines compute share a block: `<Formula id="E11 E12" />`. Letters and variables that mean the same are marked with `data-v`, and a page highlights
 * them together (theme/highlight.ts).
 */
import katex from "katex";
import type { MarkdownRenderer } from "vitepress";
import { rowPlace } from "../../../src/explain/locations.ts";
import { formulas } from "../formulas/formulas.ts";
import { titles } from "../formulas/titles.ts";
import { formulaWordsZh } from "../zh/formulaWords.ts";
import { codeBlock } from "./codeBlock.ts";
import { storedAsString } from "./mathml.ts";
import { snippetOf } from "./snippet.ts";
import { sourcePath } from "./sourceFiles.ts";
import { tagRule, type TagContext } from "./tagRule.ts";

/** KaTeX's options: `\v{name}{tex}` marks a letter. */
const OPTIONS = {
  displayMode: true,
  throwOnError: true,
  strict: false,
  output: "htmlAndMathml",
  trust: ({ command }: { readonly command: string }): boolean => command === "\\htmlData",
  macros: { "\\v": "\\htmlData{v=#1}{#2}" },
} as const;

const words = {
  en: { code: "code", check: "check", letters: "The same quantity in formula and code", formula: "formula" },
  zh: { code: "源码", check: "检查", letters: "公式与代码中的同一个量", formula: "公式" },
} as const;

/** The variables that a formula marks, each with its letter in TeX. */
function lettersOf(tex: string): ReadonlyMap<string, string> {
  const letters = new Map<string, string>();
  for (const [, name = "", letter = ""] of tex.matchAll(/\\v\{(\w+)\}\{((?:[^{}]|\{[^{}]*\})*)\}/g))
    if (!letters.has(name)) letters.set(name, letter);
  return letters;
}

/** The formula with its words in the language of the page. */
function inLanguage(tex: string, lang: TagContext["lang"]): string {
  if (lang === "en") return tex;
  return tex.replaceAll(/\\text\{([^}]*)\}/g, (_, word: string) => {
    const translated = formulaWordsZh[word];
    if (translated === undefined) throw new Error(`"${word}" of a formula has no translation: docs/.vitepress/zh/formulaWords.ts`);
    return `\\text{${translated}}`;
  });
}

/** The number of a formula, its title, the place of its code and of its check, and the formula itself. */
function typeset(id: string, { md, lang, link }: TagContext): string {
  const tex = formulas[id];
  const title = titles[id]?.[lang];
  if (tex === undefined || title === undefined) throw new Error(`(${id}) is not typeset, or has no title: docs/.vitepress/formulas`);
  const { file, line } = snippetOf(id);
  const row = rowPlace(id);
  const w = words[lang];
  return [
    `<header id="${id}"><a class="number" href="#${id}">(${id})</a> <span>${md.utils.escapeHtml(title)}</span>`,
    `<span class="links">${link(`${w.code}: ${file}:${line}`, sourcePath(file, line))} ${link(w.check, sourcePath(row.file, row.line))}</span></header>`,
    `<figure class="tex" tabindex="0" aria-label="${w.formula} (${id})">${storedAsString(katex.renderToString(inLanguage(tex, lang), OPTIONS))}</figure>`,
  ].join("\n");
}

/** The section of formulas: each typeset, then the letters that they share with the code, then the code, the same lines only once. */
function sectionOf(text: string, context: TagContext): string {
  const ids = text.split(" ");
  const letters = new Map(ids.flatMap((id) => [...lettersOf(formulas[id] ?? "")]));
  const legend = [...letters].map(
    ([name, letter]) =>
      `<li><button type="button" data-v="${name}">${katex.renderToString(letter, { ...OPTIONS, displayMode: false })} <code>${name}</code></button></li>`,
  );
  const snippets = new Map(ids.map(snippetOf).map((snippet) => [`${snippet.file}:${snippet.line}`, snippet.code]));
  return [
    `<section class="formula" v-pre>`,
    ...ids.map((id) => typeset(id, context)),
    letters.size === 0 ? "" : `<ul class="letters" aria-label="${words[context.lang].letters}">${legend.join("")}</ul>`,
    ...[...snippets].map(([label, code]) => codeBlock(context.md, code, { language: "ts", label, letters: [...letters.keys()] })),
    "</section>",
  ].join("\n");
}

/** The rule, for markdown-it. */
export const formulaRule = (md: MarkdownRenderer): void => tagRule(md, "formula", /^<Formula id="([EG]\d+(?: [EG]\d+)*)" \/>$/, sectionOf);
