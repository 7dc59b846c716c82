import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { interval } from "../../src/report/accuracies.ts";
import { page } from "../../src/report/page.ts";
import type { Report } from "../../src/report/report.ts";
import { reportOf, sample } from "./samples.ts";

type Page = ReturnType<typeof parseHTML>["document"];

const parsed = (report: Report): Page => parseHTML(page(report)).document;
const textsOf = (document: Page, selector: string): readonly string[] =>
  [...document.querySelectorAll(selector)].map(({ textContent }) => (textContent ?? "").trim());

const report = await reportOf(sample());
const plain = await reportOf(sample({ distilled: false }));
const coloured = await reportOf(sample({ channels: 3 }));
const manyClasses = await reportOf(sample({ classes: 31 }, 70));

/** Names and texts that would be markup, were they not escaped. */
const hostile = "<script>alert(\"1\")</script> & '2'";
const attacked: Report = {
  ...report,
  recipe: { ...report.recipe, name: hostile, data: { ...report.recipe.data, train: hostile, test: hostile } },
  values: [{ key: hostile, value: hostile, source: hostile }],
  classes: report.classes.map((name) => `${hostile} ${name}`),
  environment: [[hostile, hostile]],
};

describe("a report", () => {
  it.each([
    ["a distilled model", report],
    ["a plain model", plain],
    ["images of three channels", coloured],
    ["more classes than a matrix can show", manyClasses],
  ])("has every section, with something in it: %s", (_, of) => {
    const document = parsed(of);
    const sections = [...document.querySelectorAll("section")];
    expect(sections.map(({ id }) => id)).toEqual(["accuracy", "training", "attention", "confusion", "tokens", "recipe", "environment"]);
    for (const section of sections) expect(section.textContent?.trim().length).toBeGreaterThan(40);
    expect(document.querySelectorAll("#training svg")).toHaveLength(2);
    expect(document.querySelectorAll(".card")).toHaveLength(of.collected.examples.length);
  });

  it.each([
    ["a distilled model", report],
    ["a plain model", plain],
    ["hostile names", attacked],
  ])("needs no other file and no script: %s", (_, of) => {
    const document = parsed(of);
    expect(document.querySelectorAll("script, link, iframe, object, embed, base")).toHaveLength(0);
    const attributes = [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]);
    const links = attributes.filter(({ name }) => ["href", "src", "srcset", "xlink:href"].includes(name)).map(({ value }) => value);
    expect(links.length).toBeGreaterThan(of.collected.examples.length);
    expect(links.filter((link) => !/^(#|data:image\/png;base64,)/.test(link))).toEqual([]);
    expect(attributes.filter(({ name }) => name.startsWith("on"))).toEqual([]);
    const text = page(of);
    expect(text).not.toMatch(/@import|url\(/);
    expect(text.match(/https?:\/\/[^"]*/g) ?? []).toEqual([]);
  });

  it("shows the text of a recipe unchanged, markup included", () => {
    const document = parsed(attacked);
    expect(textsOf(document, "h1")).toEqual([`${hostile}, seed 3`]);
    expect(textsOf(document, "#recipe tbody th, #recipe td")).toEqual([hostile, JSON.stringify(hostile), hostile]);
    expect(textsOf(document, "#environment tbody th, #environment td")).toEqual([hostile, hostile]);
    expect(textsOf(document, ".card h3 span")).toEqual(attacked.collected.examples.map(({ label }) => `${hostile} ${label}`));
  });

  it("is the same text for the same report", async () => {
    expect(page(await reportOf(sample()))).toBe(page(report));
  });

  it("has each accuracy in its table", () => {
    const { student } = report.result;
    const cells = textsOf(parsed(report), "#accuracy tbody td:nth-child(2)");
    const top1 = [report.result.teacher, student.class, student.distillation, student.mean, student["softmax-sum"]].map(
      (a) => a?.top1 ?? NaN,
    );
    expect(cells).toEqual(top1.map((share) => `${(100 * share).toFixed(1)} %`));
    expect(textsOf(parsed(plain), "#accuracy tbody th")).toEqual(["class head"]);
  });

  it("colours the patches of each token, their shares with the tokens' own adding up to 1", () => {
    const cards = [...parsed(report).querySelectorAll(".card")];
    for (const [i, card] of cards.entries()) {
      const looks = [...card.querySelectorAll(".looks figure")].slice(1);
      expect(looks).toHaveLength(2);
      for (const [token, look] of looks.entries()) {
        const drawn = [...look.querySelectorAll("rect title")].map(({ textContent }) => Number.parseFloat(textContent ?? ""));
        const [toClass = NaN, toDistillation = NaN] = report.collected.examples[i]?.attention[token] ?? [];
        expect(drawn).toHaveLength(4);
        const total = drawn.reduce((sum, share) => sum + share, 100 * (toClass + toDistillation));
        expect(Math.abs(total - 100)).toBeLessThan(4 * 0.05 + 1e-9); // four shares, each rounded to a tenth
      }
    }
  });

  it("has counts of the confusion matrix that sum to the number of images", () => {
    const matrix = parsed(report).querySelector("#confusion svg");
    const counts = [...(matrix?.querySelectorAll('[aria-label="text"] text') ?? [])].map(({ textContent }) => Number(textContent));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(report.collected.images);
  });

  it("shows only the most frequent mistakes if there are too many classes", () => {
    const document = parsed(manyClasses);
    expect(document.querySelectorAll("#confusion svg")).toHaveLength(0);
    expect(document.querySelectorAll("#confusion tbody tr").length).toBeGreaterThan(5);
  });

  it("says how many of the images it evaluated", () => {
    expect(textsOf(parsed(report), "#confusion p")[0]).toMatch(/^All 11 test images/);
    const some = { ...report, collected: { ...report.collected, images: 5000 } };
    expect(textsOf(parsed(some), "#confusion p")[0]).toMatch(/^11 of the 5000 test images/);
  });

  it("is complete without metrics", () => {
    const document = parsed({ ...report, metrics: { teacher: [], student: [] } });
    expect(textsOf(document, "#training p")).toEqual(["The run wrote no metrics."]);
    expect(document.querySelectorAll("section")).toHaveLength(7);
  });

  it("labels each picture for screen readers, and has a heading for each column", () => {
    const document = parsed(report);
    for (const svg of document.querySelectorAll("svg")) {
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")?.length).toBeGreaterThan(10);
    }
    for (const table of document.querySelectorAll("table")) expect(table.querySelectorAll("thead th[scope=col]").length).toBeGreaterThan(1);
  });
});

describe("the interval of a share", () => {
  it("is Wilson's: it ends where the normal test at 95 % just fails", () => {
    for (const [p, n] of [
      [0.9, 360],
      [0.5, 7],
      [0, 10],
      [1, 10],
    ] as const)
      for (const end of interval(p, n)) expect(Math.abs(p - end)).toBeCloseTo(1.96 * Math.sqrt((end * (1 - end)) / n), 12);
  });
});
