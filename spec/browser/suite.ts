/** Suites that use a browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { startChromium, whyNoChromium } from "./chromium.ts";

/** The timeout for bundling a page or starting a browser, which takes a second on an idle machine. */
export const START_TIMEOUT_MS = 60_000;

/** Defines a suite with a browser of its own, which hooks and tests get by calling `browser`. It is skipped, with the reason, if no browser can start. */
export function inChromium(what: string, body: (browser: () => Browser) => void): void {
  const why = whyNoChromium();
  describe.skipIf(why !== null)(`${what} in the packaged Chromium${why === null ? "" : `, but ${why}`}`, () => {
    let started: Browser | null = null;
    beforeAll(async () => {
      started = await startChromium();
    }, START_TIMEOUT_MS);
    afterAll(() => started?.close());
    body(() => {
      if (started === null) throw new Error("inChromium: there is no browser before the suite's hooks have run");
      return started;
    });
  });
}
