/** A rule for a tag on a line of its own: `<Formula id="E9" />`. What it stands for is HTML that is made while the page is. */
import type { MarkdownRenderer } from "vitepress";

/** What a tag's HTML may depend on. */
export interface TagContext {
  readonly md: MarkdownRenderer;
  /** The language of the page. */
  readonly lang: "en" | "zh";
  /** A link to a page of the site, given by its path from the root; a link without a page fails the build. */
  readonly link: (text: string, path: string) => string;
}

/**
 * Adds the rule to markdown-it.
 *
 * @param tag matches the whole line; its first group is what `html` gets
 */
export function tagRule(md: MarkdownRenderer, name: string, tag: RegExp, html: (value: string, context: TagContext) => string): void {
  md.block.ruler.before("html_block", name, (state, startLine, _endLine, silent) => {
    const text = state.src.slice(state.bMarks[startLine], state.eMarks[startLine]).trim();
    const value = tag.exec(text)?.[1];
    if (value === undefined) return false;
    if (silent) return true;
    const relativePath: unknown = state.env?.relativePath;
    const lang = typeof relativePath === "string" && relativePath.startsWith("zh/") ? "zh" : "en";
    const link = (label: string, path: string): string => md.renderInline(`[${label}](${path})`, state.env);
    const token = state.push("html_block", "", 0);
    token.content = html(value, { md, lang, link });
    token.map = [startLine, startLine + 1];
    state.line = startLine + 1;
    return true;
  });
}
