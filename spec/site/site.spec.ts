/** The built site in the packaged Chromium. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { hostArray, type Leaves } from "deit/check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputOf, shownOf, type Example, type Shown } from "../../docs/.vitepress/widgets/example.ts";
import { examples } from "../../docs/.vitepress/widgets/examples.ts";
import { exercises } from "../../docs/.vitepress/widgets/exercises.ts";
import { isolation } from "../browser/example.ts";
import { inChromium } from "../browser/suite.ts";
import { violationsOf } from "./axe.ts";
import { builtSite, served, type Served } from "./built.ts";
import { chapterPages } from "./pages.ts";

const BUILD_TIMEOUT_MS = 240_000;

/** Numbers of the page and of Node may differ by what their two versions of `exp` do. */
const TOLERANCE = 1e-12;
/** The same for finite differences, which divide by a small step. */
const DIFFERENCE_TOLERANCE = 1e-8;

const chapters = chapterPages.flatMap(({ name, en, zh }) => [...(en === null ? [] : [name]), ...(zh === null ? [] : [`zh/${name}`])]);

/** The chapters, and a page of each other kind. */
const kinds = ["index", "zh/index", "data", "source/src/ops/gelu", "reference/recipe", "learn", "playground", "zh/playground", ...chapters];

/** Colours are those of the kind of page: English chapters are looked at in light, their translations in dark. */
const schemesOf = (path: string): readonly ("light" | "dark")[] =>
  !chapters.includes(path) ? ["light", "dark"] : path.startsWith("zh/") ? ["dark"] : ["light"];

/** Numbers by name. */
type Numbers = Readonly<Record<string, readonly number[]>>;

/** What a `<Try>` shows. */
interface ShownNumbers {
  readonly out: Numbers;
  readonly gradients: Numbers;
  readonly differences: Numbers;
}

/** Runs in the page: the numbers of the widget for this example; null while there are none. */
function readWidget(example: string): ShownNumbers | null {
  const widget = document.querySelector(`[data-example="${example}"]`);
  const numbersIn = (element: Element): number[] =>
    [...element.querySelectorAll("span[title]")].map((span) => Number(span.getAttribute("title")));
  const collect = (attribute: string): Record<string, number[]> =>
    Object.fromEntries(
      [...(widget?.querySelectorAll(`[${attribute}]`) ?? [])].map((element) => [element.getAttribute(attribute) ?? "", numbersIn(element)]),
    );
  const shown = { out: collect("data-output"), gradients: collect("data-gradient"), differences: collect("data-difference") };
  return Object.keys(shown.gradients).length === 0 ? null : shown;
}

/** The cotangents with which a widget begins: 1 for the first number of each output. */
const firstCotangents = (out: Leaves): Leaves =>
  new Map([...out].map(([path, { shape, data }]) => [path, hostArray(shape, data.map((_, i) => (i === 0 ? 1 : 0)))])); // prettier-ignore

const shownInNode = async (example: Example): Promise<Shown> =>
  shownOf(example, example.inputs, firstCotangents(await outputOf(example, example.inputs)));

/** The largest difference between numbers of the page and of Node, relative to the largest of Node's. */
function gapOf(page: Numbers, node: Leaves): number {
  if (Object.keys(page).toSorted().join() !== [...node.keys()].toSorted().join()) return Infinity;
  const gaps = [...node].map(([name, { data }]) => {
    const scale = Math.max(1, ...data.map(Math.abs));
    const numbers = page[name] ?? [];
    return numbers.length === data.length ? Math.max(0, ...[...data].map((x, i) => Math.abs(x - (numbers[i] ?? NaN)) / scale)) : Infinity;
  });
  return Math.max(0, ...gaps);
}

inChromium("the site", (browser) => {
  let host: Served | null = null;
  let open: Page | null = null;
  const errors: string[] = [];
  const foreign: string[] = [];

  beforeAll(async () => {
    await builtSite();
    host = await served(isolation);
    open = await browser().newPage({ viewport: { width: 1280, height: 900 } });
    open.on("pageerror", ({ message }) => errors.push(message));
    open.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    open.on("request", (request) => /^(http:\/\/localhost:|data:|blob:)/.test(request.url()) || foreign.push(request.url()));
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await open?.close();
    host?.close();
  });

  async function visited(path: string): Promise<Page> {
    if (open === null || host === null) throw new Error("the site is not served");
    const url = `${host.url}${path}.html`;
    if (open.url() === url) return open;
    await open.goto(url, { waitUntil: "load" });
    await open.waitForFunction(() => Object.hasOwn(document.querySelector("#app") ?? {}, "_vnode"));
    return open;
  }

  describe.each(kinds)("%s", (path) => {
    it.runIf(chapters.includes(path))("shows by each <Try> what the library computes in Node", async () => {
      const page = await visited(path);
      const names = await page.$$eval("[data-example]", (widgets) => widgets.map((widget) => widget.getAttribute("data-example") ?? ""));
      for (const name of new Set(names)) {
        const example = examples[name];
        if (example === undefined) throw new Error(`no example ${name}`);
        await page.locator(`[data-example="${name}"]`).first().scrollIntoViewIfNeeded();
        await page.waitForFunction(readWidget, name);
        const [shown, node] = [await page.evaluate(readWidget, name), await shownInNode(example)];
        if (shown === null) throw new Error(`${name} shows nothing`);
        expect({ name, gap: gapOf(shown.out, node.out) <= TOLERANCE }).toEqual({ name, gap: true });
        expect({ name, gap: gapOf(shown.gradients, node.gradients) <= TOLERANCE }).toEqual({ name, gap: true });
        expect({ name, gap: gapOf(shown.differences, node.differences) <= DIFFERENCE_TOLERANCE }).toEqual({ name, gap: true });
      }
    });

    it.runIf(chapters.includes(path))("shows what each wrong version does, and that verify names it", async () => {
      const page = await visited(path);
      for (const section of await page.$$("section.wrong-versions")) {
        await section.scrollIntoViewIfNeeded();
        const names = await section.$$eval("[data-variant]", (articles) => articles.map((article) => article.getAttribute("data-variant")));
        await page.waitForFunction((count) => document.querySelectorAll("[data-named]").length >= count, names.length);
        expect(await section.$$eval("[data-named]", (codes) => codes.map((code) => code.textContent))).toEqual(names);
      }
    });

    it.each(schemesOf(path))("has no violation that axe-core finds, %s", async (colorScheme) => {
      const page = await visited(path);
      await page.emulateMedia({ colorScheme });
      expect(await violationsOf(page)).toEqual([]);
    });

    it("is as wide as a phone's window, whatever it holds", async () => {
      const page = await visited(path);
      await page.setViewportSize({ width: 390, height: 844 });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      await page.setViewportSize({ width: 1280, height: 900 });
      expect(width).toBe(390);
    });
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
      await page.goto(`${plain?.url}data.html`);
      if (serviceWorkers === "allow") await page.waitForFunction(() => crossOriginIsolated);
      const isolated = await page.evaluate(() => crossOriginIsolated);
      expect(await page.locator("h1").count()).toBe(1);
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

  it("has no error in its console, and asks no other host for anything", () => {
    expect(errors).toEqual([]);
    expect(foreign).toEqual([]);
  });
});
