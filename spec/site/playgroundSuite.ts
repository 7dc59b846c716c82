/** Opens the playground of the built site in the packaged Chromium. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { isolation } from "../browser/example.ts";
import { violationsOf } from "./axe.ts";
import { builtSite, served, type Served } from "./built.ts";
import { BUILD_TIMEOUT_MS } from "./pageSuite.ts";

/** Many times as long as what is waited for takes on an idle machine. */
export const PATIENCE_MS = 110_000;

/** A teacher of one epoch is enough to compare numbers. */
export const SHORT = "seed=4&epochs=3&teacherEpochs=1&grid=3";

/** Opens a page with a query, on a host that sends the headers of isolation or not; each test's pages are closed after it. */
export type OpenPlayground = (how: "isolated" | "plain", query: string, path?: string) => Promise<Page>;

/** Builds and serves the site for the tests of a suite. */
export function playgroundPages(browser: () => Browser): OpenPlayground {
  const hosts = new Map<string, Served>();
  const pages: Page[] = [];

  beforeAll(async () => {
    await builtSite();
    hosts.set("isolated", await served(isolation));
    hosts.set("plain", await served({}));
  }, BUILD_TIMEOUT_MS);
  afterAll(() => {
    for (const host of hosts.values()) host.close();
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
  });

  return async (how, query, path = "playground") => {
    const page = await browser().newPage({ viewport: { width: 1280, height: 900 } });
    pages.push(page);
    await page.goto(`${hosts.get(how)?.url}${path}.html?${query}`);
    await page.locator('[data-state="ready"]').waitFor({ timeout: PATIENCE_MS });
    return page;
  };
}

/** Tests the whole page, in either language. */
export function testAllOpen(path: string, opened: OpenPlayground): void {
  it.each(["light", "dark"] as const)(
    "has no violation that axe-core finds, %s, and no error, with all of it open",
    async (colorScheme) => {
      const page = await opened("plain", SHORT, path);
      const errors: string[] = [];
      page.on("pageerror", ({ message }) => errors.push(message));
      await page.emulateMedia({ colorScheme });
      await page.locator("[data-part=attention]").waitFor({ timeout: PATIENCE_MS });
      for (const summary of await page.locator(".playground details > summary").all()) await summary.click();
      await page.locator("[data-parameter]").first().waitFor({ timeout: PATIENCE_MS });
      expect(await violationsOf(page)).toEqual([]);
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      expect(errors).toEqual([]);
    },
  );
}
