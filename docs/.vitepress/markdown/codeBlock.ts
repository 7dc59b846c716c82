/** Highlighted code as VitePress sets it. */
import type { MarkdownRenderer } from "vitepress";

/** Marks the variables in highlighted code: within text, never within a tag. */
function marked(html: string, names: readonly string[]): string {
  if (names.length === 0) return html;
  const word = new RegExp(String.raw`(?<![\w.])(${names.join("|")})(?!\w)|(?<=\bk\.)(${names.join("|")})(?!\w)`, "g");
  return html.replaceAll(
    />([^<]+)</g,
    (_, text: string) => `>${text.replaceAll(word, (name) => `<span data-v="${name}">${name}</span>`)}<`,
  );
}

/** Gives each line its number as an id: `L24`. */
function numbered(html: string): string {
  let line = 0;
  return html.replaceAll('<span class="line">', () => `<span class="line" id="L${++line}">`);
}

/** What is done with a block. */
export interface CodeOptions {
  /** The language of the code: `ts`. */
  readonly language: string;
  /** What it is, for screen readers: the box can be focused, since it scrolls. */
  readonly label: string;
  /** Variables to be marked with `data-v`. */
  readonly letters?: readonly string[];
  /** Whether its lines are numbered, and are targets of links. */
  readonly lines?: boolean;
}

const highlighted = new Map<string, string>();

/** Highlights code, the same only once: a chapter and its translation show the same lines. */
function highlight(md: MarkdownRenderer, code: string, language: string): string {
  const key = `${language} ${code}`;
  const html = highlighted.get(key) ?? (md.options.highlight?.(code, language, "") ?? "").replace(' v-pre=""', "");
  highlighted.set(key, html);
  return html;
}

/** A block of code in a box that scrolls by itself. */
export function codeBlock(md: MarkdownRenderer, code: string, { language, label, letters = [], lines = false }: CodeOptions): string {
  const plain = highlight(md, code, language);
  const html = marked(lines ? numbered(plain) : plain, letters);
  const block = `<div class="language-${language} vp-adaptive-theme${lines ? " numbered" : ""}">${html}</div>`;
  return `<figure class="code" aria-label="${label}">${block}</figure>`;
}
