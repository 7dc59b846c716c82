/** Builds HTML as text: interpolated values are escaped, unless they are `Html`. */

export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[];

const entities: { readonly [character: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

const textOf = (part: Part): string => {
  if (typeof part === "object") return "html" in part ? part.html : part.map(textOf).join("");
  return escaped(`${part}`);
};

/** A template tag: html`<p>${text}</p>`. Values may be the content of elements, or stand in quoted attributes. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: strings.map((text, i) => text + textOf(parts[i] ?? "")).join(""),
});

/** Text that is HTML already; it is not escaped. */
export const trusted = (text: string): Html => ({ html: text });

/** Nothing, where a part of a page has nothing to show. */
export const nothing: Html = trusted("");

const DIGITS = 1;

/** 0.8125 → `81.3 %` */
export const percent = (share: number): string => `${(100 * share).toFixed(DIGITS)} %`;
