/** The page of an experiment. */
import { describe, expect, it } from "vitest";
import { experiments } from "../../src/experiments/list.ts";
import { readingOf, type DrawnFigure, type Judged, type ResultFile } from "../../src/experiments/result.ts";
import { experimentPage } from "../../src/report/experiment/page.ts";

const experiment = experiments.get("distillation");
if (experiment === undefined) throw new Error("no experiment distillation");
const { title, question, source, paper, arms, quantities, claims } = experiment;

const judged = (interval: Judged["interval"]): readonly Judged[] =>
  claims.map((claim) => ({
    ...claim,
    unit: "%",
    power: 4.56,
    differences: [1, 2],
    mean: 1.5,
    standardError: 0.5,
    interval,
    reading: readingOf(claim.says, interval),
  }));

const axis = { label: "images", scale: "log" } as const;
const points = [1, 10].map((x) => ({ x, y: x, error: 0.5, label: null }));
const figure: DrawnFigure = {
  title: "A figure",
  x: axis,
  y: axis,
  lines: [
    { name: "a line", from: "ours", joined: true, points },
    { name: "theirs", from: "paper", joined: false, points: [{ x: 3, y: 4, error: null, label: "a label" }] },
  ],
};

const result: ResultFile = {
  experiment: "distillation",
  interrupted: false,
  title,
  question,
  source,
  paper,
  arms,
  measurements: [{ name: "seen", command: ["inspect", "{token}"] }],
  because: "it is so",
  data: "digits",
  recipe: "digits",
  seeds: 2,
  command: "deit experiment distillation --out 'a <b>'",
  machine: "a machine",
  date: "2026-01-02T03:04:05.000Z",
  version: "1.2.3",
  commit: null,
  quantities: quantities.map((quantity, i) => ({ ...quantity, values: [90 + i, 91 + i], mean: 90.5 + i, standardError: 0.5 })),
  claims: judged([0.13, 2.87]),
  figures: [figure],
  reading: "",
};

describe("the page of an experiment", () => {
  const page = experimentPage(result);

  it("has every quantity beside the paper's, every claim with its interval and reading, and the power", () => {
    for (const [i, { name, paper: theirs }] of quantities.entries()) {
      const row = page.split("<tr>").find((text) => text.includes(`<th scope="row">${name}</th>`)) ?? "";
      expect(row).toContain(`>${(90.5 + i).toFixed(2)}<`);
      expect(row).toContain(`>${theirs?.toFixed(1) ?? "–"}<`);
    }
    for (const { text, reading } of result.claims) {
      const row = page.split("<tr>").find((one) => one.includes(text)) ?? "";
      expect(row).toContain("+0.13 … +2.87");
      expect(row).toContain(`>${reading}<`);
    }
    expect(page).toContain(">+4.56<");
    expect(page).toContain("Stated beforehand: it is so.");
  });

  it("draws the figures with their lines and labels, and says what was run", () => {
    for (const text of ["A figure", ">a line<", ">a label<", "deit inspect {token}", "--set distillation.kind=none"])
      expect(page).toContain(text);
  });

  it("speaks of seeds, or of rounds where nothing is trained", () => {
    expect(page).toContain("The mean of 2 seeds;");
    const untrained = experimentPage({ ...result, recipe: null });
    for (const text of ["The mean of 2 rounds;", ">one for each of 2 rounds<"]) expect(untrained).toContain(text);
  });

  it("is closed: no script, no other file, and no markup from the values", () => {
    expect(page).not.toMatch(/<script|src=|href="(?!#)/);
    expect(page).toContain("deit experiment distillation --out &#39;a &lt;b&gt;&#39;");
  });

  it("is the same for the same result, also where one seed has no interval", () => {
    expect(experimentPage(result)).toBe(page);
    const single = experimentPage({ ...result, seeds: 1, claims: judged([-Infinity, Infinity]) });
    expect(single).toContain("not decidable at this scale");
    expect(single).not.toMatch(/NaN|Infinity/);
  });
});
