/** Serves the page of the folder `page` with the headers that isolate it, and without. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { isolation } from "./example.ts";
import { openPage, type OpenPage } from "./open.ts";
import { bundled, serve, type Files, type Site } from "./site.ts";
import { START_TIMEOUT_MS } from "./suite.ts";

export interface PageOf extends Pick<OpenPage, "ask" | "workers"> {
  readonly isolated: boolean;
}

/**
 * Defines a suite for each of the two pages.
 *
 * @param fetched the files that the page's jobs may fetch
 */
export function onEachPage(browser: () => Browser, fetched: Files, body: (page: PageOf) => void): void {
  let files: Files = fetched;
  beforeAll(async () => {
    files = new Map([...(await bundled("spec/browser/page")), ...fetched]);
  }, START_TIMEOUT_MS);

  describe.each([
    { mode: "an isolated page", headers: isolation, isolated: true },
    { mode: "a page that is not isolated", headers: {}, isolated: false },
  ])("on $mode", ({ headers, isolated }) => {
    let [site, page]: [Site | null, OpenPage | null] = [null, null];
    beforeAll(async () => {
      site = await serve(files, headers);
      page = await openPage(browser(), site.url);
    });
    afterAll(async () => {
      await page?.close();
      site?.close();
    });
    const currentPage = (): OpenPage => {
      if (page === null) throw new Error("onEachPage: there is no page before the suite's hooks have run");
      return page;
    };
    body({ isolated, ask: (job, ...of) => currentPage().ask(job, ...of), workers: () => currentPage().workers() });
  });
}
