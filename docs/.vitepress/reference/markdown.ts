/** Writes markdown from the texts of the program, in which backquotes enclose code. */

/** Text in which nothing but its code is markup: `<`, `*` and `[` mean themselves. */
export const escaped = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll(/[\\*[\]{}]/g, String.raw`\$&`).replaceAll("<", "&lt;")))
    .join("");

/** Text as code; nothing if there is none. */
export const code = (text: string): string => (text === "" ? "" : `\`${text}\``);

/** A bar would end the cell, and so would a line. */
const cell = (text: string): string => text.replaceAll("|", String.raw`\|`).replaceAll("\n", " ");

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;

/** A table; nothing if it has no rows. The cells are markdown. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? "" : [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

/** Paragraphs, tables and blocks, with an empty line between any two; empty ones are left out. */
export const joined = (parts: readonly string[]): string => `${parts.filter((part) => part !== "").join("\n\n")}\n`;
