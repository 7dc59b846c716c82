/** The text of the reading path: formulas, translations, exercises. */
import { describe, expect, it } from "vitest";
import { equations } from "../../src/explain/equations.ts";
import { exercises } from "../../docs/.vitepress/widgets/exercises.ts";
import { bodyOf, chapterPages, digestOf, fieldOf, headingsOf, linksOf, starters, tagsOf, translatedPages } from "./pages.ts";

const written = translatedPages.flatMap(({ name, en, zh }) => [
  ...(en === null ? [] : [{ page: name, text: en }]),
  ...(zh === null ? [] : [{ page: `zh/${name}`, text: zh }]),
]);
const translated = translatedPages.flatMap(({ name, en, zh }) => (en === null || zh === null ? [] : [{ name, en, zh }]));
const chapterTexts = chapterPages.flatMap(({ en }) => (en === null ? [] : [en]));

describe("the reading path", () => {
  it("has every page in both languages", () => {
    const missing = translatedPages.flatMap(({ name, en, zh }) => [...(en === null ? [name] : []), ...(zh === null ? [`zh/${name}`] : [])]);
    expect(missing).toEqual([]);
  });

  it("has every formula in a chapter", () => {
    const shown = new Set(
      chapterTexts.flatMap((text) => [...text.matchAll(/^<Formula id="([\w ]+)" \/>$/gm)].flatMap(([, ids = ""]) => ids.split(" "))),
    );
    expect([...equations.keys()].filter((id) => !shown.has(id))).toEqual([]);
  });

  it.each(written)("$page has no block of code that was written by hand", ({ text }) => {
    expect(bodyOf(text)).not.toMatch(/^ *(```|~~~)|<pre\b/m);
  });

  it("has every exercise in a chapter, with a starter, three a chapter", () => {
    const inChapters = chapterTexts.flatMap((text) => [...text.matchAll(/^<Exercise id="([\w/-]+)">$/gm)].map(([, id = ""]) => id));
    expect(inChapters.toSorted()).toEqual([...exercises.keys()].toSorted());
    expect(starters.toSorted()).toEqual([...exercises.keys()].toSorted());
  });
});

describe("the translation", () => {
  it.each(translated)("of $name has its headings, formulas, widgets and links", ({ en, zh }) => {
    expect(headingsOf(zh)).toEqual(headingsOf(en));
    expect(tagsOf(zh)).toEqual(tagsOf(en));
    expect(linksOf(zh)).toEqual(linksOf(en));
  });

  it.each(translated)("of $name is of its present text", ({ en, zh }) => {
    expect(fieldOf(zh, "translationOf")).toBe(digestOf(en));
  });
});
