/**
 * `<Formula id="E9" />` on a line of its own: the formula typeset, under its number, beside the lines of code that compute it. Letters and variables
 * that mean the same are marked with `data-v`, and a page highlights them together (theme/highlight.ts).
 */
import katex from "katex";
import type { MarkdownRenderer } from "vitepress";
import { rowPlace, titleOf } from "../../../src/explain/locations.ts";
import { formulas } from "../formulas/formulas.ts";
import { snippetOf } from "./snippet.ts";

const TAG = /^<Formula id="([EG]\d+)" \/>$/;

/** KaTeX's options: `\v{name}{tex}` marks a letter. */
const OPTIONS = {
  displayMode: true,
  throwOnError: true,
  strict: false,
  output: "htmlAndMathml",
  trust: ({ command }: { readonly command: string }): boolean => command === "\\htmlData",
  macros: { "\\v": "\\htmlData{v=#1}{#2}" },
} as const;

/** The variables that a formula marks, each with its letter in TeX. */
function lettersOf(tex: string): ReadonlyMap<string, string> {
  const letters = new Map<string, string>();
  for (const [, name = "", letter = ""] of tex.matchAll(/\\v\{(\w+)\}\{((?:[^{}]|\{[^{}]*\})*)\}/g)) if (!letters.has(name)) letters.set(name, letter);
  return letters;
}

/** Marks the variables in highlighted code: within text, never within a tag. */
function marked(html: string, names: readonly string[]): string {
  if (names.length === 0) return html;
  const word = new RegExp(String.raw`(?<![\w.])(${names.join("|")})(?!\w)|(?<=\bk\.)(${names.join("|")})(?!\w)`, "g");
  return html.replaceAll(/>([^<]+)</g, (_, text: string) => `>${text.replaceAll(word, (name) => `<span data-v="${name}">${name}</span>`)}<`);
}

/** A link to the page of a file of the source. */
export const sourceLink = (base: string, file: string, line: number): string => `${base}source/${file.replace(/\.ts$/, "")}#L${line}`;

/** The section of a formula. */
function sectionOf(id: string, md: MarkdownRenderer, base: string, lang: "en" | "zh"): string {
  const tex = formulas[id];
  if (tex === undefined) throw new Error(`(${id}) is not typeset: docs/.vitepress/formulas`);
  const letters = lettersOf(tex);
  const { file, line, code } = snippetOf(id);
  const row = rowPlace(id);
  const highlighted = md.options.highlight?.(code, "ts", "") ?? "";
  const legend = [...letters].map(
    ([name, letter]) =>
      `<li><button type="button" data-v="${name}">${katex.renderToString(letter, { ...OPTIONS, displayMode: false })} <code>${name}</code></button></li>`,
  );
  const words = lang === "zh" ? { code: "源码", check: "检查", letters: "公式与代码中的同一个量" } : { code: "code", check: "check", letters: "The same quantity in formula and code" }; // prettier-ignore
  return [
    `<section class="formula" id="${id}" v-pre>`,
    `<header><a class="number" href="#${id}">(${id})</a> <span>${md.utils.escapeHtml(titleOf(id))}</span>`,
    `<nav><a href="${sourceLink(base, file, line)}">${words.code}: ${file}:${line}</a> <a href="${sourceLink(base, row.file, row.line)}">${words.check}</a></nav></header>`,
    `<div class="tex" tabindex="0">${katex.renderToString(tex, OPTIONS)}</div>`,
    letters.size === 0 ? "" : `<ul class="letters" aria-label="${words.letters}">${legend.join("")}</ul>`,
    `<div class="code">${marked(highlighted, [...letters.keys()])}</div>`,
    "</section>",
  ].join("\n");
}

/** The rule, for markdown-it. */
export function formulaRule(md: MarkdownRenderer, base: string): void {
  md.block.ruler.before("html_block", "formula", (state, startLine, _endLine, silent) => {
    const text = state.src.slice(state.bMarks[startLine], state.eMarks[startLine]).trim();
    const id = TAG.exec(text)?.[1];
    if (id === undefined) return false;
    if (silent) return true;
    const relativePath: unknown = state.env?.relativePath;
    const lang = typeof relativePath === "string" && relativePath.startsWith("zh/") ? "zh" : "en";
    const token = state.push("html_block", "", 0);
    token.content = sectionOf(id, md, base, lang);
    token.map = [startLine, startLine + 1];
    state.line = startLine + 1;
    return true;
  });
}
