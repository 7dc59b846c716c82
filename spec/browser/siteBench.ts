/** Measures the site: how soon a reader can change something, and for how long the playground's page is blocked while its worker trains. */
import type { Browser, Page } from "playwright-core";
import { serveBuiltSite } from "./builtSite.ts";
import { columns, line, measured, ms, title } from "./measure.ts";

/** Each page is opened so often, by a browser that has stored nothing. */
const LOADS = 5;
/** How long a training is watched, in ms. */
const TRAINED_MS = 15_000;

/** Gradients are there: its numbers can be changed. */
const WIDGET = "[data-gradient] span";
const READY = '[data-state="ready"]';

/** Each page, and what shows that it can be used. */
const pages = [
  { path: "index.html", usable: WIDGET },
  { path: "learn/patches.html", usable: WIDGET },
  { path: "learn/gradients.html", usable: WIDGET },
  { path: "zh/learn/attention.html", usable: WIDGET },
  { path: "playground.html", usable: READY },
] as const;

/** Opens a page, and returns when it could be used, in ms since it was asked for, and its longest task until then. */
async function opened(browser: Browser, url: string, usable: string): Promise<{ readonly after: number; readonly task: number }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(url, { waitUntil: "commit" });
  if (usable === WIDGET) await page.locator("[data-example]").first().scrollIntoViewIfNeeded(); // a widget computes when it is seen
  await page.locator(usable).first().waitFor();
  const found = await page.evaluate(async () => {
    const after = performance.now();
    const tasks = new Promise<number>((resolve) => {
      new PerformanceObserver((list) => resolve(Math.max(...list.getEntries().map(({ duration }) => duration)))).observe({
        type: "longtask",
        buffered: true,
      });
      setTimeout(() => resolve(0), 100); // there was none
    });
    return { after, task: await tasks };
  });
  await context.close();
  return found;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Trains until the end, or for some time. */
async function train(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.locator('[data-state="running"]').waitFor();
  const ended = page.locator('[data-state="ended"]').waitFor({ timeout: TRAINED_MS });
  await ended.catch(() => page.getByRole("button", { name: "Pause" }).click());
}

/** Prints both tables. */
export async function benchSite(browser: Browser): Promise<void> {
  const site = await serveBuiltSite();
  try {
    console.log(`\nThe site, from the request until a number can be changed and its gradient shows, or the training can begin: ${LOADS} loads, each by a
browser that has stored nothing; and the longest task of more than 50 ms until then.\n`);
    console.log(`${title("")}${"median".padStart(8)}${"longest".padStart(9)}${"task".padStart(9)}`);
    for (const { path, usable } of pages) {
      const loads: { readonly after: number; readonly task: number }[] = [];
      for (let i = 0; i < LOADS; i++) loads.push(await opened(browser, new URL(path, site.url).href, usable));
      const after = loads.map((load) => load.after);
      console.log(`${title(path)}${ms(median(after))} ${ms(Math.max(...after))} ${ms(Math.max(...loads.map(({ task }) => task)))}`);
    }
    console.log(`\nThe playground while its worker trains a teacher and a student on digits.\n\n${columns}`);
    for (const { what, open } of [
      { what: "trains", open: false },
      { what: "trains, with every part of the page open", open: true },
    ]) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await page.goto(new URL("playground.html", site.url).href);
      await page.locator(READY).waitFor();
      if (open) for (const summary of await page.locator(".playground details > summary").all()) await summary.click();
      console.log(line(what, await measured(page, () => train(page))));
      await page.close();
    }
  } finally {
    site.close();
  }
}
