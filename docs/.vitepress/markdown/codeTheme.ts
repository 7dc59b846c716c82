/** The colours of code, as variables that theme/code.css sets for light and dark: code is then read once, not once for each. */
import type { MarkdownOptions } from "vitepress";

/** What has a colour of its own, as the grammars of TextMate name it. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  comment: ["comment", "punctuation.definition.comment"],
  string: ["string", "punctuation.definition.string"],
  keyword: ["keyword", "storage", "punctuation.definition.template-expression"],
  constant: ["constant", "variable.language", "support.constant", "variable.other.constant"],
  function: ["entity.name.function", "support.function"],
  type: ["entity.name.type", "support.type", "support.class", "entity.other.inherited-class"],
  key: ["entity.name.tag", "support.type.property-name", "markup.heading"],
};

const color = (name: string): string => `var(--code-${name})`;

/** The theme, for VitePress's highlighter. */
export const codeTheme: NonNullable<MarkdownOptions["theme"]> = {
  name: "variables",
  type: "light",
  fg: color("text"),
  bg: "var(--vp-code-block-bg)",
  settings: Object.entries(scopes).map(([name, scope]) => ({ scope: [...scope], settings: { foreground: color(name) } })),
};
