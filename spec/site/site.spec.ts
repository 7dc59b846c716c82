/** The built site in the packaged Chromium. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exercises } from "../../docs/.vitepress/widgets/exercises.ts";
import { inChromium } from "../browser/suite.ts";
import { served, type Served } from "./built.ts";
import { chapterPages } from "./pages.ts";
import { testPages, type TestedPage } from "./pageSuite.ts";

/** The chapters, and a page of each other kind; the playground has a spec of its own. */
const tested: readonly TestedPage[] = [
  ...["index", "data", "source/src/ops/gelu", "reference/recipe", "learn"].map(
    (path) => ({ path, schemes: ["light", "dark"], chapter: false }) as const,
  ),
  ...chapterPages.map(({ name }) => ({ path: name, schemes: ["light"], chapter: true }) as const), // translations.spec.ts: dark
];

inChromium("the site", (browser) => {
  const visited = testPages(browser, tested);

  it.each(["Try", "Exercise"])("takes no input while the script of <%s> is loading, since hydration would replace it", async (widget) => {
    const page = await browser().newPage();
    let arrive = (): void => {};
    const arrival = new Promise<void>((resolve) => (arrive = resolve));
    await page.route(new RegExp(`/${widget}\\.[^/]+\\.js$`), async (route) => {
      await arrival;
      await route.continue();
    });
    await page.goto((await visited("learn/patches")).url(), { waitUntil: "commit" });
    const field = page.locator(widget === "Try" ? "[data-input] input" : "[data-exercise] textarea").first();
    expect(await field.isEditable()).toBe(false);
    arrive();
    await field.fill("0.5");
    expect(await field.inputValue()).toBe("0.5");
    await page.close();
  });

  it("keeps what is typed into a number, digit by digit", async () => {
    const field = (await visited("index")).locator("[data-input] input").first();
    await field.fill("");
    await field.pressSequentially("0.105");
    expect(await field.inputValue()).toBe("0.105");
    await field.press("Tab");
    expect(await field.inputValue()).toBe("0.105");
  });

  it("rejects a wrong answer that is typed into a page, and accepts a right one", async () => {
    const [id = ""] = exercises.keys();
    const [chapter = ""] = id.split("/");
    const page = await visited(`learn/${chapter}`);
    const exercise = page.locator(`[data-exercise="${id}"]`);
    const shownFor = async (kind: "right" | "wrong"): Promise<readonly string[]> => {
      await exercise.locator("textarea").fill(readFileSync(join(import.meta.dirname, "answers", `${id}.${kind}.js`), "utf8"));
      await exercise.locator("button").first().click();
      await exercise.locator(".right, .wrong").waitFor();
      return exercise.locator(".right, .wrong").evaluateAll((elements) => elements.map(({ className }) => className));
    };
    expect(await shownFor("wrong")).toEqual(["wrong"]);
    expect(await shownFor("right")).toEqual(["right"]);
  });

  describe("from a host that sends no headers", () => {
    let plain: Served | null = null;
    beforeAll(async () => {
      plain = await served({});
    });
    afterAll(() => plain?.close());

    /** Whether the page is isolated after it may have been loaded once more. */
    async function isolatedWith(serviceWorkers: "allow" | "block"): Promise<boolean> {
      const context = await browser().newContext({ serviceWorkers });
      const page = await context.newPage();
      await page.addInitScript(() => {
        performance.now = () => 0; // on a slow machine too, the reader has not begun to use the page
      });
      await page.goto(`${plain?.url}data.html`);
      if (serviceWorkers === "allow") await page.waitForFunction(() => crossOriginIsolated);
      await page.locator("h1").waitFor(); // the second load is isolated before it has a body
      const isolated = await page.evaluate(() => crossOriginIsolated);
      await context.close();
      return isolated;
    }

    it("is isolated by its own service worker", async () => {
      expect(await isolatedWith("allow")).toBe(true);
    });

    it("works without isolation where service workers are not allowed", async () => {
      expect(await isolatedWith("block")).toBe(false);
    });
  });
});
