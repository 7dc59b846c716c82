/** Lays out the formulas far from the window some time after the page can be used (formula.css). */

/** In ms after the page has loaded. */
const LATER = 1500;

/** Waits for the page, then lays out all of it. */
export function layOutLater(): void {
  const all = (): void => document.documentElement.classList.add("laid-out");
  const later = (): void => void setTimeout(all, LATER);
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
}
