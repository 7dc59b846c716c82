/** Measures for how long a page's main thread is blocked. Nothing is asserted, since other processes on the machine influence the times. */
import type { Page } from "playwright-core";

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

/** A measurement of a page's main thread. */
export interface Measured extends Watched {
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

/** Measures a page while something happens on it. */
export async function measured(page: Page, meanwhile: () => Promise<unknown>): Promise<Measured> {
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

/** The width of the first column, in characters. */
const WIDTH = 60;

/** A time for a column of a table. */
export const ms = (x: number): string => `${x.toFixed(0)} ms`.padStart(8);

/** The first column of a table. */
export const title = (what: string): string => what.padEnd(WIDTH);

/** The names of the columns. */
export const columns: string = `${title("")}${"turn".padStart(8)}${"frame".padStart(8)}${"task".padStart(8)}${"CPU".padStart(8)}${"elsewhere".padStart(11)}`;

/** A measurement as a line of the table. */
export const line = (what: string, { turn, frame, task, busy, all, elsewhere }: Measured): string =>
  `${title(what)}${ms(turn)}${ms(frame)}${task === 0 ? "none".padStart(8) : ms(task)}${`${((100 * busy) / all).toFixed(1)} %`.padStart(8)}${ms(elsewhere).padStart(11)}`;
