/** A suite that has a browser. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { startChromium, whyNoChromium } from "./chromium.ts";

/** To bundle a page, and to start a browser, in ms; a second when nothing else runs. */
export const UNHURRIED = 60_000;

/** A suite with a browser of its own, which its hooks and tests get by calling `browser`; skipped, with the reason, where none can be started. */
export function inChromium(what: string, body: (browser: () => Browser) => void): void {
  const why = whyNoChromium();
  describe.skipIf(why !== null)(`${what} in the packaged Chromium${why === null ? "" : `, but ${why}`}`, () => {
    let started: Browser | null = null;
    beforeAll(async () => {
      started = await startChromium();
    }, UNHURRIED);
    afterAll(() => started?.close());
    body(() => {
      if (started === null) throw new Error("inChromium: there is no browser before the suite's hooks have run");
      return started;
    });
  });
}
