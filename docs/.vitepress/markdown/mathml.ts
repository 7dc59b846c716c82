/** KaTeX's HTML, so that Vue stores it as one string. */

/**
 * Removes the spacing of tables and the size of brackets from the MathML, which only screen readers read. Vue does not know these attributes, and would
 * make a call of each element of the formula and of the text around it: the longest chapter would send twenty times as much program.
 */
export const storedAsString = (html: string): string => html.replaceAll(/ (?:rowspacing|columnspacing|columnalign|minsize)="[^"]*"/g, "");
