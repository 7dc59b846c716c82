/** The page of the folder `page` on a site with the headers that isolate it, and on one without. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { isolation } from "./example.ts";
import { openPage, type OpenPage } from "./open.ts";
import { bundled, serve, type Files, type Site } from "./site.ts";
import { UNHURRIED } from "./suite.ts";

export interface PageOf extends Pick<OpenPage, "ask" | "workers"> {
  readonly isolated: boolean;
}

/**
 * A suite for each.
 *
 * @param fetched what the page's jobs may fetch
 */
export function onEachPage(browser: () => Browser, fetched: Files, body: (page: PageOf) => void): void {
  let files: Files = fetched;
  beforeAll(async () => {
    files = new Map([...(await bundled("spec/browser/page")), ...fetched]);
  }, UNHURRIED);

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
    const opened = (): OpenPage => {
      if (page === null) throw new Error("onEachPage: there is no page before the suite's hooks have run");
      return page;
    };
    body({ isolated, ask: (job, ...of) => opened().ask(job, ...of), workers: () => opened().workers() });
  });
}
