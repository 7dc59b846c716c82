/** KaTeX's HTML, so that Vue stores it as one string. */

/**
 * Removes the spacing of tables and the size of brackets from the MathML, which only screen readers read. Vue does not know these attributes, and would make a call of each
 * element of the formula, and of all text around it: megabytes for a chapter, and minutes of building.
 */
export const storedAsString = (html: string): string => html.replaceAll(/ (?:rowspacing|columnspacing|columnalign|minsize)="[^"]*"/g, "");
