import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRecipe, type ReadRecipe } from "../../src/recipe/recipe.ts";
import { bundledRecipes } from "../../src/recipe/text.ts";
import { deitConfig } from "../../src/model/config.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deitIn, jsonIn } from "./inProcess.ts";
import { tinyToml } from "./tiny.ts";

/** Reads a recipe from its text, by way of a new file. */
function read(text: string, ...set: readonly string[]): ReadRecipe {
  const path = join(temporaryFolder(), "test.toml");
  writeFileSync(path, text);
  return readRecipe(path, { set });
}

const sourceOf = ({ values }: ReadRecipe, key: string): string | undefined => values.find((value) => value.key === key)?.source;
const valueOf = ({ values }: ReadRecipe, key: string): unknown => values.find((value) => value.key === key)?.value;

describe("a recipe", () => {
  it("becomes the run that it describes", () => {
    const { recipe } = read(tinyToml);
    expect(recipe).toMatchObject({
      name: "test",
      seed: 3,
      data: { train: "synthetic:13", mean: [0.5], padding: 1 },
      model: { imageSize: 4, patchSize: 2, mlpRatio: 2, distilled: true },
      training: { batch: 4, schedule: { base: 1e-2, warmupEpochs: 1, epochs: 2 }, emaDecay: 0.9, clipNorm: null, dropPath: 0.1 },
      distillation: { kind: "hard", alpha: 0.5, student: "distillation" },
      teachers: [
        { kind: "regnety", model: { channels: 1, classes: 3, groupWidth: 2 }, training: { optimizer: { kind: "sgd", nesterov: true } } },
      ],
    });
  });

  it("records where each value comes from", () => {
    const found = read(tinyToml, "training.batch=8");
    expect(sourceOf(found, "training.epochs")).toBe("recipe");
    expect(sourceOf(found, "training.batch")).toBe("--set");
    expect(sourceOf(found, "training.optimizer.weight_decay")).toBe("deit.md 7.1");
    expect(sourceOf(found, "distillation.alpha")).toBe("deit.md 2.4");
    expect(found.values.every(({ source }) => source !== "")).toBe(true);
  });

  it("written out in full describes the same run", () => {
    const full = read(tinyToml, "training.clip_norm=1.5");
    const again = read(full.text);
    expect(again.recipe).toEqual({ ...full.recipe, name: "test" });
    expect(again.text).toBe(full.text);
    expect(again.values.every(({ value, source }) => value === null || source === "recipe")).toBe(true);
  });

  it("may scale the loss of student and teacher", () => {
    const { training, teachers } = read(tinyToml, "training.loss_scale=dynamic").recipe;
    expect(training.lossScale).toBe("dynamic");
    expect(teachers).toMatchObject([{ training: { lossScale: null } }]);
  });

  it("uses the paper's learning rate, 0.0005 · batch/512, if it gives none", () => {
    const found = read(tinyToml.replace("lr = 1e-2", ""), "training.batch=1024");
    expect(found.recipe.training.schedule.base).toBe(1e-3);
    expect(sourceOf(found, "training.lr")).toBe("deit.md 7.1: 0.0005 · batch/512");
  });

  it("uses the sizes of the models that it names", () => {
    const text = tinyToml
      .replace(/\[model\][^[]*/, '[model]\nname = "deit-small-distilled"\nchannels = 1\n\n')
      .replace("stem = 4", 'name = "regnety-4gf"');
    const found = read(text);
    expect(found.recipe.model).toEqual({ ...deitConfig("deit-small-distilled"), channels: 1 });
    expect(found.recipe.teachers).toMatchObject([{ model: { stem: 32, widths: [4], groupWidth: 2 } }]);
    expect(sourceOf(found, "model.width")).toBe("deit.md 4.1: sizes of deit-small-distilled");
  });
});

describe("--set", () => {
  it.each([
    ["training.lr=2e-3", "training.lr", 2e-3],
    ["data.mean=[0.25]", "data.mean", [0.25]],
    ["data.flip=true", "data.flip", true],
    ['data.test="synthetic:3"', "data.test", "synthetic:3"],
    ["data.test=synthetic:3", "data.test", "synthetic:3"],
    ["distillation.student=class", "distillation.student", "class"],
    ["data.policy=rand-m9-mstd0.5-inc1", "data.policy", "rand-m9-mstd0.5-inc1"],
    ["data.test=../some photographs.tar:test", "data.test", "../some photographs.tar:test"],
    ["data.test=/data/{00..99}.tar", "data.test", "/data/{00..99}.tar"],
  ])("%s takes a TOML value, or else a text", (set, key, value) => {
    expect(valueOf(read(tinyToml, set), key)).toEqual(value);
  });

  it("with another kind replaces the table", () => {
    const { recipe } = read(tinyToml, "distillation.alpha=0.25", "distillation.kind=soft", "training.optimizer.kind=sgd");
    expect(recipe.distillation).toEqual({
      kind: "soft",
      lambda: 0.1,
      tau: 3,
      divideBy: "batch",
      direction: "teacher-first",
      student: "distillation",
    });
    expect(recipe.training.optimizer).toEqual({ kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
  });

  it("with distillation.kind=none drops the teacher", () => {
    const found = read(tinyToml, "distillation.kind=none");
    expect(found.recipe.teachers).toEqual([]);
    expect(found.text).not.toContain("teacher");
  });
});

describe("a wrong recipe", () => {
  const without = (line: string): string => tinyToml.replace(`${line}\n`, "");
  it.each([
    ["a misspelt key", tinyToml.replace("epochs = 2", "epoch = 2"), "training.epoch is not known; did you mean training.epochs?"],
    [
      "a key of another kind",
      tinyToml.replace('"hard"', '"hard"\ntau = 3'),
      'distillation.tau does not go with distillation.kind = "hard"',
    ],
    [
      "an unknown direction",
      tinyToml.replace('"hard"', '"soft"\ndirection = "both"'),
      'distillation.direction must be "teacher-first" or "student-first", got "both"',
    ],
    ["a misspelt table", tinyToml.replace("[training]", "[trainning]"), "trainning is not known; did you mean training?"],
    ["a string for a number", tinyToml.replace("width = 8", 'width = "8"'), 'model.width must be a positive integer, got "8"'],
    [
      "a number out of range",
      tinyToml.replace("ema_decay = 0.9", "ema_decay = 1"),
      'training.ema_decay must be a number in [0, 1) or "none", got 1',
    ],
    [
      "an unknown loss scale",
      tinyToml.replace("ema_decay = 0.9", "loss_scale = 1024"),
      'training.loss_scale must be "dynamic" or "none", got 1024',
    ],
    ["a list with a wrong item", tinyToml.replace("std = [0.25]", "std = [0]"), "data.std.0 must be a number > 0, got 0"],
    ["a missing value", without("width = 8"), "model.width must be a positive integer, got nothing"],
    [
      "an unknown kind",
      tinyToml.replace('"hard"', '"hrad"'),
      'distillation.kind must be "none", "class-head", "hard", "soft" or "two-class-tokens", got "hrad"',
    ],
    ["sizes that do not fit", tinyToml.replace("heads = 2", "heads = 3"), "config: heads must divide width 8, got 3"],
    ["an unknown model", tinyToml.replace("width = 8", 'name = "deit-huge"'), "unknown model deit-huge; known: deit-tiny"],
    [
      "a missing teacher",
      tinyToml.replace(/\[teacher\.model\][^]*/, ""),
      'distillation.kind is "hard", which needs a [teacher.model] and a [teacher.training]',
    ],
    [
      "a plain model whose distillation token is to be taught",
      tinyToml.replace("distilled = true", "distilled = false"),
      'distillation.student is "distillation", which needs model.distilled = true',
    ],
    ["invalid TOML", tinyToml.replace("seed = 3", "seed = "), "line 2, column 8: "],
  ])("with %s is refused in one line", (_, text, what) => {
    expect(() => read(text)).toThrow(/^recipe \S+test\.toml: [^\n]+$/);
    expect(() => read(text)).toThrow(what);
  });
});

describe("deit train --print-recipe", () => {
  it("shows what must be set as null, without which deit train refuses to begin", async () => {
    const folder = temporaryFolder();
    expect(await jsonIn(folder, "train", "deit-base-384", "--print-recipe")).toMatchObject({
      "data.train": { value: null, source: "required" },
      "init.from": { value: null, source: "required" },
      "init.heads": { value: "keep", source: "deit.md 7.13" },
    });
    const { status, stdout, stderr } = await deitIn(folder, "train", "deit-base-384");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(
      /^deit train: recipe deit-base-384: data.train and init.from must be set: --set data.train=DATA, where [^\n]+; --set init.from=WEIGHTS, where [^\n]+\n$/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it("prints the contract's JSON and writes nothing", async () => {
    const folder = temporaryFolder();
    const found = Object(await jsonIn(folder, "train", "digits", "--print-recipe", "--seed", "4", "--set", "training.batch=32"));
    expect(readdirSync(folder)).toEqual([]);
    expect(found).toMatchObject({
      name: { value: "digits", source: "this project: the file's name" },
      seed: { value: 4, source: "--seed" },
      "training.batch": { value: 32, source: "--set" },
      "training.optimizer.beta1": { value: 0.9, source: "deit.md 7.1" },
    });
  });
});

describe("deit recipe", () => {
  it("list prints the bundled recipes", async () => {
    const { recipes } = Object(await jsonIn(temporaryFolder(), "recipe", "list"));
    expect(recipes).toHaveLength(bundledRecipes().length);
    expect(recipes).toContainEqual({
      name: "ablation/ema",
      description: "Ablation: DeiT-B with a moving average of the weights (Table 8).",
      imageSize: 224,
      data: null,
    });
    expect(recipes).toContainEqual(expect.objectContaining({ name: "digits", imageSize: 16, data: "digits:train" }));
    const { stdout } = await deitIn(temporaryFolder(), "recipe", "list");
    expect(stdout).toMatch(/^cifar10-small +32 {2}to be set +CIFAR-10/m);
  });

  it("schema prints the schema to which the bundled recipes refer", async () => {
    const { stdout } = await deitIn(temporaryFolder(), "recipe", "schema");
    expect(stdout).toBe(readFileSync(new URL("../../recipes/recipe.schema.json", import.meta.url), "utf8"));
  });
});
