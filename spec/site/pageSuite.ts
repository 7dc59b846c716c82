/** Tests of pages of the built site in the packaged Chromium: what each shows, whom it shuts out, and whether it fits a phone. */
import type { Browser, Page } from "playwright-core";
import { hostArray, type Leaves } from "deit/check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputOf, shownOf, type Example, type Shown } from "../../docs/.vitepress/widgets/example.ts";
import { examples } from "../../docs/.vitepress/widgets/examples.ts";
import { isolation } from "../browser/example.ts";
import { violationsOf } from "./axe.ts";
import { builtSite, served, type Served } from "./built.ts";

/** More than the build of the site takes, in ms. */
export const BUILD_TIMEOUT_MS = 240_000;

/** Numbers of the page and of Node may differ by what their two versions of `exp` do. */
const TOLERANCE = 1e-12;
/** The same for finite differences, which divide by a small step. */
const DIFFERENCE_TOLERANCE = 1e-8;

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

/** A page to be tested. */
export interface TestedPage {
  /** `learn/patches`. */
  readonly path: string;
  /** The colours that are looked at. */
  readonly schemes: readonly ("light" | "dark")[];
  /** Whether it has widgets whose numbers are compared. */
  readonly chapter: boolean;
}

/**
 * Opens the pages one after the other in one window, and tests each.
 *
 * @returns opens one of them for further tests
 */
export function testPages(browser: () => Browser, pages: readonly TestedPage[]): (path: string) => Promise<Page> {
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

  describe.each(pages)("$path", ({ path, schemes, chapter }) => {
    it.runIf(chapter)("shows by each <Try> what the library computes in Node", async () => {
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

    it.runIf(chapter)("shows what each wrong version does, and that verify names it", async () => {
      const page = await visited(path);
      for (const section of await page.$$("section.wrong-versions")) {
        await section.scrollIntoViewIfNeeded();
        const names = await section.$$eval("[data-variant]", (articles) => articles.map((article) => article.getAttribute("data-variant")));
        await page.waitForFunction((count) => document.querySelectorAll("[data-named]").length >= count, names.length);
        expect(await section.$$eval("[data-named]", (codes) => codes.map((code) => code.textContent))).toEqual(names);
      }
    });

    it.each(schemes)("has no violation that axe-core finds, %s", async (colorScheme) => {
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

  it("has no error in its console, and asks no other host for anything", () => {
    expect(errors).toEqual([]);
    expect(foreign).toEqual([]);
  });

  return visited;
}
