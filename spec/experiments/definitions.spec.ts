/** That the experiments are made of parts that exist, and agree with each other. */
import { describe, expect, it } from "vitest";
import { dataNames, type Experiment } from "../../src/experiments/experiment.ts";
import { experiments } from "../../src/experiments/list.ts";
import { filled, isArm, needsOf, rounds, type Step } from "../../src/experiments/placeholders.ts";
import { units } from "../../src/experiments/units.ts";
import { readRecipe } from "../../src/recipe/recipe.ts";

const all = [...experiments.values()];
const stepsOf = ({ arms, measurements }: Experiment): readonly Step[] => [...arms, ...measurements];
const twice = (names: readonly string[]): readonly string[] => names.filter((name, i) => names.indexOf(name) !== i);

describe.each(all)("experiment $name", (experiment) => {
  const { quantities, claims, figures, settings } = experiment;
  const steps = stepsOf(experiment);
  const names = quantities.map(({ name }) => name);
  const known = (name: string): boolean => names.includes(name);

  it("reads, compares and draws what there is", () => {
    expect(twice(steps.map(({ name }) => name))).toEqual([]);
    expect(twice(names)).toEqual([]);
    expect(quantities.map(({ of }) => of).filter((name) => !steps.some((step) => step.name === name))).toEqual([]);
    expect(claims.flatMap(({ of }) => of.flat()).filter((name) => !known(name))).toEqual([]);
    const coordinates = figures.flatMap(({ lines }) => lines.flatMap(({ points }) => points.flatMap(({ x, y }) => [x, y])));
    expect(coordinates.filter((at) => typeof at === "string" && !known(at))).toEqual([]);
  });

  it("uses every arm and measurement, and compares quantities of one unit only", () => {
    const used = new Set([...quantities.map(({ of }) => of), ...steps.flatMap(needsOf)]);
    expect(steps.filter(({ name }) => !used.has(name))).toEqual([]);
    for (const { of } of claims) {
      const compared = new Set(of.flat().map((name) => quantities.find((quantity) => quantity.name === name)?.unit));
      expect(compared.size).toBe(1);
    }
  });

  it("has recipes for its arms that can be read, and whose needs can be met", () => {
    expect(rounds(steps).flat()).toHaveLength(steps.length);
    for (const { recipe } of Object.values(settings)) {
      expect(recipe === null).toBe(experiment.arms.length === 0);
      const meaning = { data: "digits", folderOf: (name: string): string => `runs/${name}` };
      for (const arm of experiment.arms) {
        const set = ["data.train=digits:train", ...filled(arm, meaning)];
        expect(() => readRecipe(recipe ?? "", { set })).not.toThrow();
      }
    }
  });
});

it("gives arms and measurements of one name one meaning, as the experiments share their runs", () => {
  for (const data of dataNames) {
    const meanings = all.flatMap((experiment) => {
      const setting = experiment.settings[data];
      return setting === undefined
        ? []
        : stepsOf(experiment).map((step) => ({ name: step.name, text: JSON.stringify([isArm(step) && setting.recipe, step]) }));
    });
    for (const { name, text } of meanings) expect(meanings.find((other) => other.name === name)?.text).toBe(text);
  }
});

describe("placeholders", () => {
  const arm = (name: string, ...set: readonly string[]): Step => ({ name, set });

  it("stand for the data, and for the folders of other arms, wherever they are", () => {
    const step = arm("a", "data.train={data}:train", "teacher.run={b}/teacher", "init.from={two-c}");
    expect(needsOf(step)).toEqual(["b", "two-c"]);
    expect(filled(step, { data: "cifar10:x", folderOf: (name) => `runs/${name}-0` })).toEqual([
      "data.train=cifar10:x:train",
      "teacher.run=runs/b-0/teacher",
      "init.from=runs/two-c-0",
    ]);
  });

  it("put what is needed into an earlier round", () => {
    const steps = [arm("c", "x={b}"), arm("a"), arm("b", "x={a}"), arm("d")];
    expect(rounds(steps).map((round) => round.map(({ name }) => name))).toEqual([["a", "d"], ["b"], ["c"]]);
    expect(() => rounds([arm("a", "x={a}")])).toThrow("experiment: a: an arm that is needed is missing");
    expect(() => rounds([arm("a", "x={b}")])).toThrow("an arm that is needed is missing");
  });
});

describe("units", () => {
  it("write a share in percent, a difference with its sign, and a ratio of speeds", () => {
    expect(units["%"].of(0.829)).toBeCloseTo(82.9, 10);
    expect(units["%"].difference(1.2)).toBe("+1.20");
    expect([0.001, -0.001, 0].map((d) => units["%"].difference(d))).toEqual(["0.00", "0.00", "0.00"]);
    expect(units.cosine.difference(-0.06)).toBe("-0.060");
    expect(units["images/s"].difference(Math.log(2.7))).toBe("× 2.70");
  });
});
