/**
 * `npm run bench:browser`: measures for how long a page is blocked while its worker trains. The page is the example of docs/browser.md, which shows
 * the loss after each step; the model is DeiT-Ti at 224. The same page at rest is measured for comparison. Then the site (siteBench.ts).
 */
import type { Browser, Page } from "playwright-core";
import { startChromium, whyNoChromium } from "./chromium.ts";
import { exampleFiles, isolation } from "./example.ts";
import { columns, line, measured } from "./measure.ts";
import { serve, type Files, type SentHeaders } from "./site.ts";
import { benchSite } from "./siteBench.ts";

/** How long the page at rest is measured, in ms. */
const REST = 5000;
/** More than ten times as long as a training takes. */
const TIMEOUT_MS = 300_000;

/** What is trained. Every five steps, the example posts a checkpoint to its page. */
interface Training {
  readonly engine: string;
  readonly threads: number;
  readonly batch: number;
  readonly steps: number;
}

const onWasm = (threads: number): Training => ({ engine: "wasm", threads, batch: 8, steps: 10 });
/** A smaller training, since SwiftShader is slow. */
const onWebgpu: Training = { engine: "webgpu", threads: 1, batch: 1, steps: 6 };

async function train(page: Page, steps: number): Promise<void> {
  await page.getByRole("button").click();
  await page.getByText(new RegExp(`^step ${steps} |Error`)).waitFor({ timeout: TIMEOUT_MS });
  const text = await page.locator("p").textContent();
  if (text?.startsWith("step") !== true) throw new Error(`bench:browser: ${text}`);
}

async function bench(browser: Browser, files: Files, headers: SentHeaders, training: Training): Promise<void> {
  const { engine, threads, batch, steps } = training;
  const kind = `${headers === isolation ? "isolated" : "not isolated"}, ${engine}, threads: ${threads}`;
  const site = await serve(files, headers);
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}?imageSize=224&depth=12&engine=${engine}&batch=${batch}&steps=${steps}&threads=${threads}`);
    console.log(line(`${kind}, at rest`, await measured(page, () => page.waitForTimeout(REST))));
    const watched = await measured(page, () => train(page, steps));
    console.log(line(`${kind}, ${steps} steps of ${batch} in ${(watched.all / 1000).toFixed(1)} s`, watched));
    await page.close();
  } finally {
    site.close();
  }
}

const why = whyNoChromium();
if (why !== null) throw new Error(`bench:browser: ${why}`);
const files = await exampleFiles();
const browser = await startChromium();
try {
  console.log(`The page's main thread while its worker trains DeiT-Ti (Chromium ${browser.version()}): longest time between two turns of its
event loop, between two frames, and of a task of more than 50 ms; its CPU time, as a share of the time that passed; and turns of an idle
process at the same time.\n`);
  console.log(columns);
  await bench(browser, files, {}, onWasm(1));
  for (const training of [onWasm(1), onWasm(2), onWebgpu]) await bench(browser, files, isolation, training);
  await benchSite(browser);
} finally {
  await browser.close();
}
