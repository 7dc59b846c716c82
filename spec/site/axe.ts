/** What axe-core finds wrong with a page for those who use a keyboard or a screen reader. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

/** VitePress's search button is called "Search", and also shows the key that opens it. */
const OF_VITEPRESS = "label-content-name-mismatch: .DocSearch";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Waits until the colours are those of the page: all of it is laid out, and no transition is under way. */
async function settled(page: Page): Promise<void> {
  await page.locator("html.laid-out").waitFor();
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame); // a transition begins in the next frame
    await Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
  });
}

/** The violations of an open page, as `rule: element`. */
export async function violationsOf(page: Page): Promise<readonly string[]> {
  await settled(page);
  await page.evaluate(axe);
  const found: unknown = await page.evaluate(
    `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ": " + target.join(" "))))`,
  );
  const violations = Array.isArray(found) ? found.map(String) : ["axe did not run"];
  return violations.filter((violation) => violation !== OF_VITEPRESS);
}
