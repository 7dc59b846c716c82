/** The recipes that come with the package: each can be read, and every value says where it comes from. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parameterCount } from "../../src/model/params.ts";
import { readRecipe, recipeValues, type ReadRecipe } from "../../src/recipe/recipe.ts";
import { bundledPath, bundledRecipes } from "../../src/recipe/text.ts";

const needed = ["data.train=synthetic:256", "init.from=weights.safetensors"];

/** A recipe with everything that it asks for. */
function complete(name: string, ...set: readonly string[]): ReadRecipe {
  const missing = new Set(recipeValues(name).values.flatMap(({ key, source }) => (source === "required" ? [key] : [])));
  return readRecipe(name, { set: [...needed.filter((change) => missing.has(change.split("=")[0] ?? "")), ...set] });
}

type Values = Readonly<Record<string, unknown>>;
const valuesOf = (name: string): Values => Object.fromEntries(recipeValues(name).values.map(({ key, value }) => [key, value]));
const sourcesOf = (name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(recipeValues(name).values.map(({ key, source }) => [key, source]));

/** The values of a recipe that differ from those of another, but for the name; undefined: it has no such value. */
function changes(name: string, from: string): Values {
  const [there, own] = [valuesOf(from), valuesOf(name)];
  const keys = [...new Set([...Object.keys(there), ...Object.keys(own)])].filter((key) => key !== "name");
  const differing = keys.filter((key) => JSON.stringify(there[key]) !== JSON.stringify(own[key]));
  return Object.fromEntries(differing.map((key) => [key, own[key]]));
}

const sgd = {
  "training.optimizer.kind": "sgd",
  "training.optimizer.beta1": undefined,
  "training.optimizer.beta2": undefined,
  "training.optimizer.eps": undefined,
  "training.optimizer.momentum": 0.9,
  "training.optimizer.nesterov": true,
};

describe("a bundled recipe", () => {
  it("is there for each run of the paper", () => {
    expect(bundledRecipes()).toEqual(
      expect.arrayContaining(
        "deit-tiny deit-small deit-base deit-tiny-distilled deit-small-distilled deit-base-distilled deit-base-384 deit-base-distilled-384 digits cifar10 cifar10-small"
          .split(" ")
          .concat(
            ["cifar10", "cifar100", "flowers", "cars", "inat18", "inat19", "digits", "digits-distilled"].map((set) => `transfer/${set}`),
          )
          .concat(["finetune/cifar10-48", "finetune/cifar10-48-distilled"]),
      ),
    );
  });

  it.each(bundledRecipes())("%s has the name of its file, and begins with its schema and a line that describes it", (name) => {
    expect(complete(name).recipe.name).toBe(name);
    const [schema, description] = readFileSync(bundledPath(name), "utf8").split("\n");
    expect(schema).toBe(`#:schema ${name.includes("/") ? ".." : "."}/recipe.schema.json`);
    expect(description).toMatch(/^# [A-Z].*[.]$/);
  });

  it.each(bundledRecipes())("%s says for every value that it comes from deit.md or is this project's choice", (name) => {
    const unsaid = recipeValues(name).values.filter(({ value, source }) => value !== null && !/^(deit\.md \d|this project)/.test(source));
    expect(unsaid).toEqual([]);
  });

  it.each(bundledRecipes())("%s reads the same from its printed text", (name) => {
    const { recipe, text } = complete(name);
    expect(complete(name).text).toBe(text);
    expect(text).not.toMatch(/^(extends|source)|\[sources\]/m);
    expect(recipe.data.test).toBe(name.includes("digits") ? "digits:test" : "synthetic:256");
  });

  it.each([
    ["deit-tiny", 5_717_416],
    ["deit-small", 22_050_664],
    ["deit-base", 86_567_656],
    ["deit-base-384", 86_859_496],
    ["deit-tiny-distilled", 5_910_800],
    ["deit-small-distilled", 22_436_432],
    ["deit-base-distilled", 87_338_192],
    ["deit-base-distilled-384", 87_630_032],
  ])("%s has the %i parameters of deit.md 4.1", (name, parameters) => {
    expect(parameterCount(complete(name).recipe.model)).toBe(parameters);
  });
});

describe("deit-base", () => {
  /** Table 9 and the defaults of the authors' code (deit.md 7.1), each with the section that its source must name. */
  const table9: readonly (readonly [key: string, value: unknown, section: string])[] = [
    ["training.epochs", 300, "7.1"],
    ["training.batch", 1024, "7.1"],
    ["training.optimizer.kind", "adamw", "7.1"],
    ["training.optimizer.beta1", 0.9, "7.1"],
    ["training.optimizer.beta2", 0.999, "7.1"],
    ["training.optimizer.eps", 1e-8, "7.1"],
    ["training.lr", 0.001, "7.1"],
    ["training.min_lr", 1e-5, "7.1"],
    ["training.warmup_lr", 1e-6, "7.1"],
    ["training.warmup_epochs", 5, "7.1"],
    ["training.optimizer.weight_decay", 0.05, "7.1"],
    ["training.label_smoothing", 0.1, "7.1"],
    ["training.smoothing_over", "all", "2.2"],
    ["training.dropout", 0, "7.1"],
    ["training.drop_path", 0.1, "7.1"],
    ["data.repeats", 3, "7.11"],
    ["training.clip_norm", "none", "7.1"],
    ["data.policy", "rand-m9-mstd0.5-inc1", "7.8"],
    ["mixing.mixup", 0.8, "7.9"],
    ["mixing.cutmix", 1, "7.9"],
    ["mixing.probability", 1, "7.9"],
    ["mixing.cutmix_share", 0.5, "7.9"],
    ["data.erasing", 0.25, "7.10"],
    ["training.ema_decay", "none", "7.1"],
    ["data.colour_jitter", 0.3, "7.1"],
    ["distillation.kind", "none", "7.1"],
    ["seed", 0, ""],
  ];

  it.each(table9)("has %s = %j, as deit.md 7.1 says", (key, value, section) => {
    expect(valuesOf("deit-base")[key]).toEqual(value);
    expect(sourcesOf("deit-base")[key]).toContain(section);
  });

  it("augments as deit.md 7.6 and 7.7 say", () => {
    expect(complete("deit-base").recipe.data).toMatchObject({
      crop: "resized",
      area: [0.08, 1],
      aspect: [3 / 4, 4 / 3],
      flip: true,
      rotation: 0,
      policy: { kind: "randaugment", magnitude: 9, deviation: 0.5 },
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
  });

  it("scales its learning rate with the batch", () => {
    const { recipe } = complete("deit-tiny", "training.batch=8", "data.repeats=1");
    expect(recipe.training.schedule.base).toBe((5e-4 * 8) / 512);
  });

  it.each([
    ["deit-tiny", { "model.width": 192, "model.heads": 3 }],
    ["deit-small", { "model.width": 384, "model.heads": 6 }],
  ])("is the recipe of %s but for the sizes", (name, expected) => {
    expect(changes(name, "deit-base")).toEqual(expected);
  });

  it.each(["tiny", "small", "base"])("is the recipe of the distilled %s model, which has a teacher besides", (size) => {
    const found = changes(`deit-${size}-distilled`, `deit-${size}`);
    const own = Object.entries(found).filter(([key]) => !key.startsWith("teacher."));
    expect(Object.fromEntries(own)).toEqual({
      "model.distilled": true,
      "distillation.kind": "hard",
      "distillation.alpha": 0.5,
      "distillation.student": "distillation",
    });
    expect(found).toMatchObject({
      "teacher.model.widths": [224, 448, 1232, 3024],
      "teacher.model.depths": [2, 4, 11, 1],
      "teacher.model.group_width": 112,
      "teacher.training.optimizer.kind": "sgd",
    });
    expect(sourcesOf(`deit-${size}-distilled`)["teacher.training.lr"]).toContain("unsure");
  });
});

describe("fine-tuning at 384", () => {
  const expected = {
    "model.image_size": 384,
    "init.from": null,
    "init.heads": "keep",
    "init.positions": "bicubic",
    "training.batch": 512,
    "training.epochs": 30,
    "training.lr": 5e-6,
    "training.min_lr": 5e-6,
    "training.drop_path": 0,
    "training.optimizer.weight_decay": 1e-8,
  };

  it.each([
    ["deit-base-384", "deit-base"],
    ["deit-base-distilled-384", "deit-base-distilled"],
  ])("%s changes the values of deit.md 7.13", (name, from) => {
    expect(changes(name, from)).toEqual(expected);
  });

  it("needs weights", () => {
    const set = ["data.train=synthetic:8"];
    expect(() => readRecipe("deit-base-384", { set })).toThrow(
      "recipe deit-base-384: init.from must be set: --set init.from=WEIGHTS, where",
    );
    expect(() => readRecipe("deit-base-384", { set: [...set, "init.from=none"] })).toThrow(
      'recipe deit-base-384: init.heads is "keep", which needs weights: --set init.from=WEIGHTS (a run\'s folder or a file), got "none"',
    );
  });
});

describe("an ablation (deit.md 9.10)", () => {
  const rows: Readonly<Record<string, Values>> = {
    "sgd-pretraining": { ...sgd, "training.optimizer.weight_decay": 1e-4 },
    "no-randaugment": { "data.policy": "none" },
    autoaugment: { "data.policy": "autoaugment" },
    "no-mixup": { "mixing.mixup": 0 },
    "no-cutmix": { "mixing.cutmix": 0 },
    "no-mixup-no-cutmix": { "mixing.mixup": 0, "mixing.cutmix": 0 },
    "no-erasing": { "data.erasing": 0 },
    "no-stochastic-depth": { "training.drop_path": 0 },
    "no-repeated-augmentation": { "data.repeats": 1 },
    dropout: { "training.dropout": 0.1 },
    ema: { "training.ema_decay": 0.99996 },
  };

  it.each(Object.entries(rows))("%s differs from deit-base in exactly what it says", (row, expected) => {
    expect(changes(`ablation/${row}`, "deit-base")).toEqual(expected);
    const sources = sourcesOf(`ablation/${row}`);
    const unsaid = Object.entries(expected).filter(
      ([key, value]) => value !== undefined && !/deit\.md (9\.10|7\.14)/.test(sources[key] ?? ""),
    );
    expect(unsaid).toEqual([]);
  });

  it("of the optimiser of fine-tuning differs from deit-base-384 in it only", () => {
    expect(changes("ablation/sgd-finetuning", "deit-base-384")).toEqual(sgd);
  });

  it("is there for every row", () => {
    const found = bundledRecipes().filter((name) => name.startsWith("ablation/"));
    expect(new Set(found)).toEqual(new Set([...Object.keys(rows), "sgd-finetuning"].map((row) => `ablation/${row}`)));
  });
});

describe("transfer (deit.md 7.14)", () => {
  const init = { "init.from": null, "init.heads": "new", "init.positions": "bicubic" };
  const small = {
    ...init,
    ...sgd,
    "data.erasing": 0,
    "training.batch": 768,
    "training.epochs": 1000,
    "training.lr": 0.01,
    "training.drop_path": 0,
    "training.optimizer.weight_decay": 1e-4,
  };
  const inaturalist = { ...init, "data.erasing": 0.1, "training.batch": 768, "training.epochs": 360, "training.lr": 7.5e-5 };

  it.each([
    ["cifar10", { ...small, "model.classes": 10 }, /\[#45\]/],
    ["cars", { ...small, "model.classes": 196 }, /\[#45\]/],
    ["cifar100", { ...small, "model.classes": 100 }, /unsure/],
    ["flowers", { ...small, "model.classes": 102 }, /unsure/],
    ["inat18", { ...inaturalist, "model.classes": 8142 }, /\[#105, #141\]/],
    ["inat19", { ...inaturalist, "model.classes": 1010 }, /\[#105, #141\]/],
  ])("to %s changes the values of its row", (set, expected, source) => {
    expect(changes(`transfer/${set}`, "deit-base")).toEqual(expected);
    for (const key of ["data.erasing", "training.batch", "training.epochs", "training.lr"])
      expect(sourcesOf(`transfer/${set}`)[key]).toMatch(source);
  });

  it("may begin with random values instead", () => {
    expect(readRecipe("transfer/cifar10", { set: ["data.train=synthetic:8", "init.from=none"] }).recipe.init).toBeNull();
  });
});

describe("fine-tuning and transfer on any machine", () => {
  it("cifar10-48 has the network of cifar10-small at 48 × 48, and the fine-tuning of deit.md 7.13", () => {
    expect(changes("finetune/cifar10-48", "cifar10-small")).toEqual({
      "data.crop": "resized",
      "data.area": [0.5, 1],
      "model.image_size": 48,
      "init.from": null,
      "init.heads": "keep",
      "init.positions": "bicubic",
      "training.epochs": 5,
      "training.lr": 1e-4,
      "training.warmup_epochs": 1,
      "training.optimizer.weight_decay": 1e-8,
    });
  });

  it("digits has the network of cifar10-small with new heads", () => {
    const found = changes("transfer/digits", "cifar10-small");
    expect(Object.keys(found).filter((key) => key.startsWith("model") || key === "data.mean" || key === "data.std")).toEqual([
      "model.image_size",
    ]);
    expect(found).toMatchObject({ "data.train": "digits:train", "data.test": "digits:test", "init.heads": "new", "data.flip": false });
  });

  it.each(["finetune/cifar10-48", "transfer/digits"])("%s-distilled adds a token, hard distillation and a teacher", (name) => {
    const keys = Object.keys(changes(`${name}-distilled`, name));
    expect(keys.filter((key) => !/^(teacher|distillation|model\.distilled)/.test(key))).toEqual([]);
    expect(complete(`${name}-distilled`).recipe).toMatchObject({ model: { distilled: true }, distillation: { kind: "hard", alpha: 0.5 } });
  });
});

describe("the recipes that run on any machine", () => {
  it.each(["cifar10", "cifar10-small"])("%s crops 32 × 32 images with a margin", (name) => {
    const { data, model } = complete(name).recipe;
    expect([data.crop, data.padding, model.imageSize, model.patchSize, model.classes]).toEqual(["padded", 4, 32, 4, 10]);
  });

  it("cifar10-small takes 32.3 million multiply-adds an image, as it says", () => {
    const { width: D, depth: L, imageSize, patchSize, channels, classes } = complete("cifar10-small").recipe.model;
    const [N, T] = [(imageSize / patchSize) ** 2, (imageSize / patchSize) ** 2 + 1];
    const macs = N * channels * patchSize ** 2 * D + L * (12 * T * D ** 2 + 2 * T ** 2 * D) + D * classes; // (E29) for patches of 4 × 4
    expect(macs / 1e6).toBeCloseTo(32.3, 1);
    expect(readFileSync(bundledPath("cifar10-small"), "utf8")).toContain("32.3 million");
  });
});
