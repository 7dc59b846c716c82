/** Whether the tags of a page are closed in order, and stand where HTML lets them. */

const VOID = new Set(["meta", "br", "img", "hr", "input", "link", "col"]);
/** What ends a paragraph that is still open. */
const BLOCKS = new Set(["p", "div", "table", "ul", "ol", "dl", "details", "h1", "h2", "h3", "figure", "section", "nav", "header"]);
const INTERACTIVE = new Set(["a", "button", "details", "summary"]);
const PARENTS: { readonly [tag: string]: readonly string[] } = {
  tr: ["tbody", "thead"],
  td: ["tr"],
  th: ["tr"],
  li: ["ul", "ol"],
  dt: ["div", "dl"],
  dd: ["div", "dl"],
  figcaption: ["figure"],
  summary: ["details"],
  caption: ["table"],
};

/** The first fault; null: there is none. */
export function nestingFault(text: string): string | null {
  const open: string[] = [];
  const body = text.replaceAll(/<style>[^<]*<\/style>/g, "");
  for (const [tag, closing, name = "", self] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s(?:[^<>"]|"[^"]*")*?)?(\/?)>/g)) {
    if (VOID.has(name) || self === "/") continue;
    if (closing === "/") {
      const last = open.pop();
      if (last !== name) return `${tag} closes <${last}>`;
      continue;
    }
    if (open.includes("p") && BLOCKS.has(name)) return `${tag} in a paragraph`;
    if (INTERACTIVE.has(name) && open.includes("button")) return `${tag} in a button`;
    const parents = PARENTS[name];
    if (parents?.includes(open.at(-1) ?? "") === false) return `${tag} in <${open.at(-1)}>`;
    open.push(name);
  }
  return open.length === 0 ? null : `<${open.at(-1)}> is not closed`;
}
