/** `<Chapters />` on a line of its own: the chapters of the reading path, in the language of the page. */
import type { MarkdownRenderer } from "vitepress";
import { chapters } from "../chapters.ts";
import { tagRule } from "./tagRule.ts";

/** The rule, for markdown-it. */
export const chaptersRule = (md: MarkdownRenderer): void =>
  tagRule(md, "chapters", /^<(Chapters) \/>$/, (_, { lang, link }) => {
    const items = chapters.map(({ slug, title }) => `<li>${link(title[lang], `${lang === "zh" ? "/zh" : ""}/learn/${slug}`)}</li>`);
    return `<ol class="chapters">${items.join("")}</ol>`;
  });
