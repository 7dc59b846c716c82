/** Recipe files that extend others, the sources of their values, and what must be set. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecipe, recipeValues, type RecipeValues } from "../../src/recipe/recipe.ts";
import { tinyToml } from "../cli/tiny.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** Writes files by name into a new folder. Returns the path of the first. */
function written(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, Object.keys(files)[0] ?? "");
}

const at = ({ values }: RecipeValues, key: string): readonly [value: unknown, source: string | undefined] => {
  const found = values.find((value) => value.key === key);
  return [found?.value, found?.source];
};

describe("extends", () => {
  it("takes what a file does not say from another file, and that file from a third", () => {
    const path = written({
      "runs/top.toml": 'extends = "../middle.toml"\n[training]\nbatch = 8\n',
      "middle.toml": 'extends = "parts/bottom.toml"\nname = "middle"\n[training]\nbatch = 6\nepochs = 5\n',
      "parts/bottom.toml": tinyToml,
    });
    const found = readRecipe(path);
    expect(found.recipe.name).toBe("top");
    expect(at(found, "training.batch")).toEqual([8, "recipe"]);
    expect(at(found, "training.epochs")).toEqual([5, "middle.toml"]);
    expect(at(found, "training.ema_decay")).toEqual([0.9, "bottom.toml"]);
    expect(at(found, "training.optimizer.beta1")).toEqual([0.9, "deit.md 7.1"]);
  });

  it("takes a bundled recipe by its name, with its sources", () => {
    const path = written({ "mine.toml": 'extends = "ablation/ema"\n[data]\ntrain = "synthetic:512"\n' });
    const found = readRecipe(path, { set: ["training.epochs=2"] });
    expect(at(found, "training.ema_decay")).toEqual([0.99996, "deit.md 9.10, 7.5"]);
    expect(at(found, "training.batch")).toEqual([1024, "deit.md 7.1"]);
    expect(at(found, "data.train")).toEqual(["synthetic:512", "recipe"]);
    expect(at(found, "training.epochs")).toEqual([2, "--set"]);
  });

  it("with another kind begins the table anew, sources included", () => {
    const bottom = `${tinyToml}\n[training.optimizer]\nkind = "adamw"\nweight_decay = 0.2\n`;
    const path = written({ "top.toml": 'extends = "bottom.toml"\n[training.optimizer]\nkind = "sgd"\n', "bottom.toml": bottom });
    const found = readRecipe(path);
    expect(at(found, "training.optimizer.kind")).toEqual(["sgd", "recipe"]);
    expect(at(found, "training.optimizer.weight_decay")).toEqual([1e-4, "deit.md 7.14"]);
    expect(at(found, "training.optimizer.beta1")).toEqual([undefined, undefined]);
  });

  it.each([
    [
      "itself by way of another",
      { "a.toml": 'extends = "b.toml"', "b.toml": 'extends = "a.toml"' },
      /^recipe \S+a\.toml: extends itself: a\.toml → b\.toml → a\.toml$/,
    ],
    ["itself", { "a.toml": 'extends = "a.toml"' }, /^recipe \S+a\.toml: extends itself: a\.toml → a\.toml$/],
    [
      "a missing file",
      { "a.toml": 'extends = "b.toml"' },
      /^recipe \S+a\.toml: extends: no recipe b\.toml: no file of that name can be read; the nearest bundled recipe is \S+, and deit recipe list shows all$/,
    ],
    ["a folder", { "a.toml": 'extends = "sub"', "sub/b.toml": "" }, /^recipe \S+a\.toml: extends: no recipe sub: [^\n]+$/],
    ["a number", { "a.toml": "extends = 3" }, /^recipe \S+a\.toml: extends must be a text, got 3$/],
    ["a file that is not TOML", { "a.toml": 'extends = "b.toml"', "b.toml": "seed = " }, /^recipe \S+b\.toml: line 1, column 8: [^\n]+$/],
    [
      "a file with a wrong key",
      { "a.toml": 'extends = "b.toml"', "b.toml": tinyToml.replace("epochs = 2", "epoch = 2") },
      /^recipe \S+a\.toml: training\.epoch is not known; did you mean training\.epochs\?$/,
    ],
  ])("refuses %s in one line", (_, files, line) => {
    expect(() => readRecipe(written(files))).toThrow(line);
  });
});

describe("sources", () => {
  const text = `source = "a report"\n${tinyToml}\n[sources]\n"training" = "section 2"\n"training.lr" = "a letter"\n`;

  it("come from the file: for a value, for the table around it, or for the whole file", () => {
    const found = readRecipe(written({ "a.toml": text }));
    expect(at(found, "training.lr")).toEqual([1e-2, "a letter"]);
    expect(at(found, "training.batch")).toEqual([4, "section 2"]);
    expect(at(found, "model.width")).toEqual([8, "a report"]);
    expect(at(found, "model.position")).toEqual(["learned", "deit.md 1.3"]);
    expect(found.text).not.toContain("section 2");
  });

  it.each([
    ['"training.epoch" = "x"', 'sources."training.epoch": the file does not set training.epoch; did you mean training.epochs?'],
    ['"train" = "x"', 'sources."train": the file does not set train; did you mean training?'],
    ['training.lr = "x"', 'sources."training" must be a text under a quoted key, as in "training.lr" = "deit.md 7.1"'],
    ['"training.lr" = 3', 'sources."training.lr" must be a text under a quoted key'],
  ])("are refused in one line: %s", (line, what) => {
    const path = written({ "a.toml": `${tinyToml}\n[sources]\n${line}\n` });
    expect(() => readRecipe(path)).toThrow(`a.toml: ${what}`);
  });

  it("are a table, and source is a text", () => {
    expect(() => readRecipe(written({ "a.toml": `sources = 3\n${tinyToml}` }))).toThrow("a.toml: sources must be a table, got 3");
    expect(() => readRecipe(written({ "a.toml": `source = [3]\n${tinyToml}` }))).toThrow("a.toml: source must be a text, got [3]");
  });
});

describe("the test images", () => {
  it.each([
    ["digits:train", "digits:test"],
    ["digits", "digits:test"],
    ["synthetic:64", "synthetic:64"],
    ["/data/imagenet:train", "/data/imagenet:test"],
    ["photographs.tar", "photographs.tar:test"],
    ["cifar10:/data/cifar:train", "cifar10:/data/cifar:test"],
  ])("of data.train = %s are %s", (train, test) => {
    const { recipe } = readRecipe("deit-tiny", { set: [`data.train=${train}`] });
    expect(recipe.data).toMatchObject({ train, test });
  });

  it("must be set if the test images are trained on", () => {
    expect(() => readRecipe("deit-tiny", { set: ["data.train=photographs.tar:test"] })).toThrow(
      "recipe deit-tiny: data.test must be set: --set data.test=DATA",
    );
  });
});

describe("new keys", () => {
  const from = (...set: readonly string[]): ReturnType<typeof readRecipe> =>
    readRecipe("deit-tiny", { set: ["data.train=synthetic:512", ...set] });

  it.each([
    ["none", { kind: "none" }],
    ["autoaugment", { kind: "autoaugment" }],
    ["rand-m9-mstd0.5-inc1", { kind: "randaugment", magnitude: 9, deviation: 0.5 }],
    ["rand-m10-mstd0-inc1", { kind: "randaugment", magnitude: 10, deviation: 0 }],
  ])("data.policy = %s is read", (policy, expected) => {
    expect(from(`data.policy=${policy}`).recipe.data.policy).toEqual(expected);
  });

  it.each(["rand-m9", "rand-m11-mstd0.5-inc1", "rand-m9-mstd0.5", "randaugment", "xautoaugment", "nonex"])(
    "data.policy = %s is refused",
    (policy) => {
      expect(() => from(`data.policy=${policy}`)).toThrow(/data\.policy must be "rand-mM-mstdS-inc1" with M and S from 0 to 10/);
    },
  );

  it.each([
    ["model.image_size=32", "padded"],
    ["model.image_size=48", "resized"],
  ])("data.crop follows from %s", (size, crop) => {
    expect(from(size).recipe.data.crop).toBe(crop);
  });

  it.each([
    ["data.area=[1, 0.08]", "data.area must be [least, largest], got [1,0.08]"],
    ["data.area=[0, 1]", "data.area.0 must be a number in (0, 1], got 0"],
    ["data.area=[0.5]", "data.area must be [least, largest], got [0.5]"],
    ["data.aspect=[0, 1]", "data.aspect.0 must be a number > 0, got 0"],
    ["data.repeats=0", "data.repeats must be a positive integer, got 0"],
    ["data.crop=centre", 'data.crop must be "resized" or "padded" or "none", got "centre"'],
    ["data.erasing=1.5", "data.erasing must be a number in [0, 1], got 1.5"],
    ["data.colour_jitter=-1", "data.colour_jitter must be a number in [0, 1], got -1"],
    ["data.rotation=181", "data.rotation must be an angle from 0 to 180, in degrees, got 181"],
    ["mixing.cutmix=4.5", "mixing.cutmix must be a number in [0, 4], got 4.5"],
    ["mixing.group=0", "mixing.group must be a positive integer, got 0"],
    ["mixing.probability=2", "mixing.probability must be a number in [0, 1], got 2"],
    ["mixing.alpha=1", "mixing.alpha is not known; did you mean mixing.mixup?"],
    ["init.form=x", "init.form is not known; did you mean init.from?"],
    ["init.heads=old", 'init.heads must be "keep" or "new", got "old"'],
    [
      "init.positions=cubic",
      'init.positions must be "bicubic" or "bilinear" or "nearest" or "bicubic-norm" or "bilinear-norm", got "cubic"',
    ],
    ["training.trained=body", 'training.trained must be "all" or "heads", got "body"'],
    ["model.name=3", "model.name must be a text, got 3"],
    ["extends=digits", "extends belongs in a recipe file, and cannot be set"],
    ["extend=x", "extend is not known; did you mean extends?"],
  ])("--set %s is refused in one line", (change, what) => {
    expect(() => from(change)).toThrow(`recipe deit-tiny: ${what}`);
  });

  it.each([
    ["training.batch=7", "training.batch must be even, since images are mixed in pairs, got 7"],
    ["mixing.group=63", "mixing.group must be even, since images are mixed in pairs, got 63"],
    ["training.batch=96", "training.batch must be a multiple of mixing.group = 64, or at most that, got 96"],
  ])("%s contradicts mixing, and goes without it", (change, what) => {
    expect(() => from(change)).toThrow(`recipe deit-tiny: ${what}; mixing.mixup = 0 and mixing.cutmix = 0 would switch mixing off`);
    expect(() => from(change, "mixing.probability=0")).not.toThrow();
    expect(from(change, "mixing.mixup=0", "mixing.cutmix=0").recipe.mixing).toMatchObject({ mixup: 0, cutmix: 0 });
  });

  it("training.trained is read, and is all unless the recipe says otherwise", () => {
    expect(from().recipe.training.trained).toBe("all");
    expect(from("init.from=a.pth", "training.trained=heads").recipe.training.trained).toBe("heads");
    expect(recipeValues("transfer/digits", { set: ["training.trained=heads"] }).values).toContainEqual({
      key: "training.trained",
      value: "heads",
      source: "--set",
    });
  });

  it.each([[["training.trained=heads"]], [["training.trained=heads", "init.from=none"]]])(
    "heads on top of random values are refused in one line: %s",
    (set) => {
      expect(() => from(...set)).toThrow(
        /^recipe deit-tiny: training\.trained is "heads", which needs weights to start from: --set init\.from=WEIGHTS \(a run's folder or a file\); without them it must be "all"$/,
      );
    },
  );

  it.each(["regnety", "deit"])("a teacher that is trained first has no training.trained: %s", (kind) => {
    expect(() => from(`teacher.model.kind=${kind}`, "teacher.training.trained=heads")).toThrow(
      "teacher.training.trained is not known; did you mean",
    );
  });

  it("init is read", () => {
    expect(from("init.from=a.pth").recipe.init).toEqual({ from: "a.pth", heads: "keep", positions: "bicubic" });
    expect(from("init.from=a.pth", "init.heads=new", "init.positions=bilinear-norm").recipe.init).toEqual({
      from: "a.pth",
      heads: "new",
      positions: "bilinear-norm",
    });
    expect(from("init.from=none").recipe.init).toBeNull();
    expect(from().recipe.init).toBeNull();
  });

  it("init.positions says where its default comes from", () => {
    const { values } = from("init.from=a.pth");
    expect(values.find(({ key }) => key === "init.positions")).toMatchObject({ value: "bicubic", source: "deit.md 7.13" });
  });

  it.each([
    [
      ["init.from=none", "init.positions=bilinear"],
      `init.positions is "bilinear", which needs weights: --set init.from=WEIGHTS (a run's folder or a file), got "none"`,
    ],
    [
      ["init.from=a.pth", "init.positions=bilinear", "model.position=fixed"],
      'init.positions is "bilinear", but model.position is "fixed", and such positions are computed instead of resized; leave init.positions out',
    ],
  ])("%s is refused in one line", (set, what) => {
    expect(() => from(...set)).toThrow(`recipe deit-tiny: ${what}`);
  });
});

describe("a printed recipe", () => {
  const texts = (key: string, ...values: readonly string[]): fc.Arbitrary<string> =>
    fc.constantFrom(...values).map((value) => `${key}=${value}`);
  const change = fc.oneof(
    fc.integer({ min: 1, max: 9 }).map((n) => `training.batch=${64 * n}`),
    fc.double({ min: 0, max: 4, noNaN: true }).map((alpha) => `mixing.mixup=${alpha}`),
    fc.double({ min: 0.01, max: 0.99, noNaN: true }).map((least) => `data.area=[${least}, 1]`),
    fc.double({ min: 0, max: 1, noNaN: true }).map((share) => `data.erasing=${share}`),
    texts("data.policy", "none", "autoaugment", "rand-m3-mstd0.25-inc1"),
    texts("data.crop", "none", "padded", "resized"),
    texts("data.repeats", "1", "2"),
    texts("training.optimizer.kind", "adamw", "sgd"),
    texts("training.ema_decay", "none", "0.5"),
    texts("distillation.kind", "none", "hard", "soft"),
    texts("init.from", "none", "w.npz"),
    texts("data.test", "digits", '"a \\"quoted\\" name"'),
  );

  it("read again is the same recipe", () => {
    const folder = temporaryFolder();
    const path = join(folder, "printed.toml");
    fc.assert(
      fc.property(fc.constantFrom("deit-base-distilled", "digits"), fc.array(change, { maxLength: 5 }), (name, set) => {
        const needed = name === "digits" ? [] : ["data.train=a:train"];
        const { recipe, text } = readRecipe(name, { set: [...needed, ...set] });
        writeFileSync(path, text);
        const again = readRecipe(path);
        expect(again.recipe).toEqual(recipe);
        expect(again.text).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  it("shows what is missing as null, and where the test images come from", () => {
    const found = recipeValues("deit-tiny");
    expect(at(found, "data.train")).toEqual([null, "required"]);
    expect(at(found, "data.test")).toEqual([null, "this project: the split test of data.train"]);
    expect(found.text).not.toContain("train =");
  });
});
