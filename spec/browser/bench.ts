/**
 * `npm run bench:browser`: measures for how long a page is blocked while its worker trains. The page is the example of docs/browser.md, which shows
 * the loss after each step; the model is DeiT-Ti at 224. The same page at rest is measured for comparison. Nothing is asserted, since other
 * processes on the machine influence the times.
 */
import type { Browser, Page } from "playwright-core";
import { startChromium, whyNoChromium } from "./chromium.ts";
import { exampleFiles, isolation } from "./example.ts";
import { serve, type Files, type SentHeaders } from "./site.ts";

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

/** What `watch` measures, in ms. */
interface Watched {
  /** The longest time between two calls of a timer that is always running; 4 to 5 if nothing delays it. */
  readonly turn: number;
  /** The longest time between two frames; 17 if nothing delays them. */
  readonly frame: number;
  /** The longest task of more than 50 ms; 0 if there was none. */
  readonly task: number;
  /** The whole time. */
  readonly all: number;
}

interface Measured extends Watched {
  /** `turn` of this process at the same time. It is idle, so a delay that also shows here comes from the machine, not from the page. */
  readonly elsewhere: number;
  /** CPU time of the page's main thread, the measurement included, in ms. Other processes do not influence it. */
  readonly busy: number;
}

/** Runs on the page, and measures until `stopWatching` is called. */
function watch(): void {
  const start = performance.now();
  let [turn, frame, task, watching] = [0, 0, 0, true];
  let [lastTurn, lastFrame] = [start, start];
  const onTurn = (): void => {
    const now = performance.now();
    [turn, lastTurn] = [Math.max(turn, now - lastTurn), now];
    if (watching) setTimeout(onTurn);
  };
  const onFrame = (): void => {
    const now = performance.now();
    [frame, lastFrame] = [Math.max(frame, now - lastFrame), now];
    if (watching) requestAnimationFrame(onFrame);
  };
  const observer = new PerformanceObserver((tasks) => {
    for (const { duration } of tasks.getEntries()) task = Math.max(task, duration);
  });
  observer.observe({ type: "longtask" });
  setTimeout(onTurn);
  requestAnimationFrame(onFrame);
  Object.assign(globalThis, {
    stopWatching: (): Watched => {
      watching = false;
      observer.disconnect();
      return { turn, frame, task, all: performance.now() - start };
    },
  });
}
declare const stopWatching: () => Watched;

/** Measures the longest time between two turns of this process, until the returned function is called. */
function ownTurns(): () => number {
  let [longest, last] = [0, performance.now()];
  const onTurn = (): void => {
    const now = performance.now();
    [longest, last] = [Math.max(longest, now - last), now];
  };
  const timer = setInterval(onTurn, 4);
  return () => {
    clearInterval(timer);
    return longest;
  };
}

async function measured(page: Page, meanwhile: () => Promise<unknown>): Promise<Measured> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN);
  };
  const before = await busy();
  await page.evaluate(watch);
  const elsewhere = ownTurns();
  await meanwhile();
  const watched = await page.evaluate(() => stopWatching());
  const after = await busy();
  await session.detach();
  return { ...watched, elsewhere: elsewhere(), busy: after - before };
}

async function train(page: Page, steps: number): Promise<void> {
  await page.getByRole("button").click();
  await page.getByText(new RegExp(`^step ${steps} |Error`)).waitFor({ timeout: TIMEOUT_MS });
  const text = await page.locator("p").textContent();
  if (text?.startsWith("step") !== true) throw new Error(`bench:browser: ${text}`);
}

/** The width of the first column, in characters. */
const WIDTH = 60;
const ms = (x: number): string => `${x.toFixed(0)} ms`.padStart(8);

const line = (what: string, { turn, frame, task, busy, all, elsewhere }: Measured): string =>
  `${what.padEnd(WIDTH)}${ms(turn)}${ms(frame)}${task === 0 ? "none".padStart(8) : ms(task)}${`${((100 * busy) / all).toFixed(1)} %`.padStart(8)}${ms(elsewhere).padStart(11)}`;

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
  console.log(
    `${"".padEnd(WIDTH)}${"turn".padStart(8)}${"frame".padStart(8)}${"task".padStart(8)}${"CPU".padStart(8)}${"elsewhere".padStart(11)}`,
  );
  await bench(browser, files, {}, onWasm(1));
  for (const training of [onWasm(1), onWasm(2), onWebgpu]) await bench(browser, files, isolation, training);
} finally {
  await browser.close();
}
