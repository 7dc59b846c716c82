/**
 * Code from the source, on a page.
 *
 *   <Source of="ops/dropPath.ts dropPathRates" />    a function or constant of a file under src, by name
 *   <SourceFile of="src/ops/gelu.ts" />               a whole file, with a target for each line; only the pages of docs/source have it
 *
 * A link from a guide to a file outside docs leads to the page of that file.
 */
import { posix } from "node:path";
import type { MarkdownRenderer } from "vitepress";
import { codeBlock } from "./codeBlock.ts";
import { definitionNamed, readSource } from "./snippet.ts";
import { sourcePath } from "./sourceFiles.ts";
import { tagRule, type TagContext } from "./tagRule.ts";

function definition(of: string, { md, link }: TagContext): string {
  const { file, line, code } = definitionNamed(of);
  const place = `${file}:${line}`;
  const [, name = ""] = of.split(" ");
  return [
    `<section class="formula" v-pre>`,
    `<header><code>${name}</code><span class="links">${link(place, sourcePath(file, line))}</span></header>`,
    codeBlock(md, code, { language: "ts", label: place }),
    "</section>",
  ].join("\n");
}

/** The language for the highlighter, by the end of the file's name. */
const languages: Readonly<Record<string, string>> = { ".ts": "ts", ".mjs": "js", ".py": "python", ".md": "md", ".toml": "toml" };

function wholeFile(file: string, { md }: TagContext): string {
  const language = languages[posix.extname(file)] ?? "txt";
  const html = codeBlock(md, readSource(file).trimEnd(), { language, label: file, lines: true });
  return `<div v-html="${md.utils.escapeHtml(JSON.stringify(html))}"></div>`; // far faster to compile than thousands of elements
}

/** Where a link of a page leads that points to a file outside docs; null: it does not. */
function outsideOf(page: string, href: string): string | null {
  if (/^[a-z]+:/i.test(href) || !href.startsWith("../")) return null;
  const [to = "", anchor = ""] = href.split("#");
  const file = posix.join("docs", posix.dirname(page), to);
  return file.startsWith("docs/") ? null : sourcePath(file, /^L\d+$/.test(anchor) ? Number(anchor.slice(1)) : null);
}

/** The rules, for markdown-it. */
export function sourceRules(md: MarkdownRenderer): void {
  tagRule(md, "source", /^<Source of="([\w/]+\.ts \w+)" \/>$/, definition);
  tagRule(md, "source_file", /^<SourceFile of="([\w./-]+)" \/>$/, wholeFile);
  md.core.ruler.push("source_links", ({ tokens, env }) => {
    const page: unknown = env?.relativePath;
    if (typeof page !== "string") return;
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const to = token.type === "link_open" ? outsideOf(page, token.attrGet("href") ?? "") : null;
      if (to !== null) token.attrSet("href", to);
    }
  });
}
