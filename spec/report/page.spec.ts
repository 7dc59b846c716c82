import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { interval } from "../../src/report/accuracies.ts";
import { page } from "../../src/report/page.ts";
import type { Report } from "../../src/report/report.ts";
import { curvesOf, reportOf, sample, type FinishedReport } from "./samples.ts";

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
const attacked: FinishedReport = {
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
    expect(document.querySelectorAll("#training svg").length).toBe(3);
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
    const document = parsed({ ...report, metrics: { teacher: curvesOf([]), student: curvesOf([]) } });
    expect(textsOf(document, "#training p")).toEqual(["The run has no metrics yet."]);
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

/** The report of a run in the second of three epochs. */
const running: Report = {
  ...report,
  unfinished: { running: true, stage: "student", step: 4, steps: 6 },
  result: null,
  metrics: {
    teacher: report.metrics.teacher,
    student: curvesOf([
      {
        epoch: 0,
        step: 2,
        loss: 1,
        loss_class: 0.6,
        loss_teacher: 0.4,
        lr: 0.1,
        gradient_norm: 2,
        top1: 0.25,
        top1_ema: 0.125,
        memory: 1e6,
      },
      {
        epoch: 1,
        step: 4,
        loss: 0.5,
        loss_class: 0.3,
        loss_teacher: 0.2,
        lr: 0.1,
        gradient_norm: 1,
        top1: 0.5,
        top1_ema: 0.375,
        memory: 1e6,
      },
    ]),
  },
};

describe("the report of a run that goes on", () => {
  it("says how far it is, has the accuracies of the last epoch, and is loaded again and again", () => {
    const document = parsed(running);
    expect(textsOf(document, ".lead strong")).toEqual(["step 4 of 6 of the student, running"]);
    expect(document.querySelector('meta[http-equiv="refresh"]')?.getAttribute("content")).toBe("20");
    expect(textsOf(document, "#accuracy tbody tr").map((text) => text.replaceAll(/\s+/g, " "))).toEqual([
      "teacher 83.3 %",
      "both heads 50.0 %",
      "averaged weights 37.5 %",
    ]);
    expect(document.querySelectorAll(".card").length).toBe(report.collected.examples.length);
  });

  it("has a plot for each number that its metrics have", () => {
    const captions = textsOf(parsed(running), "#training figcaption").map((text) => text.replaceAll(/\s+/g, " "));
    expect(captions.map((text) => text.replace(/: the mean.*/, ""))).toEqual([
      expect.stringMatching(/^student class part teacher part teacher The loss of each step/),
      expect.stringMatching(/^student averaged weights teacher Top-1 on the test images/),
      expect.stringMatching(/The learning rate$/),
      expect.stringMatching(/^student The norm of the gradient/),
      expect.stringMatching(/^student The memory/),
    ]);
  });

  it("is not loaded again once the run is stopped", () => {
    const document = parsed({ ...running, unfinished: { running: false, stage: "student", step: 4, steps: 6 } });
    expect(document.querySelector("meta[http-equiv]")).toBeNull();
    expect(textsOf(document, ".lead strong")).toEqual(["step 4 of 6 of the student, stopped; --resume continues"]);
  });

  it("has every section while the teacher is being trained", () => {
    const none = curvesOf([]);
    const unfinished = { running: true, stage: "teacher", step: 2, steps: 6 } as const;
    const document = parsed({ ...running, unfinished, metrics: { teacher: none, student: none }, collected: null, cosines: null });
    expect(textsOf(document, "section").every((text) => text.length > 40)).toBe(true);
    expect(document.querySelectorAll("section").length).toBe(7);
  });

  it("names the worst mistakes, the largest loss first", async () => {
    const { worst, judged } = report.collected;
    const losses = judged.filter(({ label, decision }) => label !== decision).map(({ loss }) => loss);
    expect(worst.map(({ loss }) => loss)).toEqual(losses.toSorted((a, b) => b - a).slice(0, worst.length));
    expect(textsOf(parsed(report), "#worst tbody th")).toEqual(worst.map(({ sample: at }) => `synthetic:11: image ${at}`));
  });
});
