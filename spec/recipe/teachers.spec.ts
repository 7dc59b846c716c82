/** Recipes of one teacher and of several: how they are written, changed, printed and refused. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRecipe, recipeValues, type ReadRecipe } from "../../src/recipe/recipe.ts";
import { tinyToml } from "../cli/tiny.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** A recipe file. */
function written(text: string): string {
  const path = join(temporaryFolder(), "test.toml");
  writeFileSync(path, text);
  return path;
}

/** The tiny recipe without its teacher. */
const untaught = tinyToml.replace(/\[teacher\.model\][^]*/, "");
const read = (toml: string, ...set: readonly string[]): ReadRecipe => readRecipe(written(toml), { set });
const keysOf = ({ values }: ReadRecipe): readonly string[] => values.map(({ key }) => key).filter((key) => key.startsWith("teacher"));
const two = `${untaught}\n[[teacher]]\nrun = "a"\n[[teacher]]\nonnx = "b.onnx"\nimage_size = 8\nmean = [0.25]\n`;

describe("a teacher", () => {
  it.each([
    ['run = "a"', { kind: "run", path: "a", head: "mean", imageSize: null, mean: null, std: null }],
    ['weights = "a.pth"\nhead = "class"', { kind: "weights", path: "a.pth", head: "class" }],
    ['onnx = "a.onnx"\nimage_size = 8', { kind: "onnx", path: "a.onnx", imageSize: 8 }],
  ])("may be %s", (toml, expected) => {
    expect(read(`${untaught}\n[teacher]\n${toml}\n`).recipe.teachers).toMatchObject([expected]);
  });

  it("may be a DeiT that is trained first, on images of its own size", () => {
    const model = '[teacher.model]\nkind = "deit"\npatch_size = 2\nwidth = 8\ndepth = 1\nheads = 2\n';
    const { recipe } = read(`${untaught}\n[teacher]\nimage_size = 8\n${model}[teacher.training]\nbatch = 4\nepochs = 1\n`);
    expect(recipe.teachers).toMatchObject([
      {
        kind: "deit",
        imageSize: 8,
        mean: [0.5],
        model: { imageSize: 8, channels: 1, classes: 3, distilled: false },
        training: { batch: 4 },
      },
    ]);
    expect(recipe.teachers[0]).toMatchObject({ training: { optimizer: { kind: "adamw" }, schedule: { base: 5e-4 / 128 } } });
  });

  it("of a published name has its kind and sizes", () => {
    const found = read(`${untaught}\n[teacher.model]\nname = "deit-tiny"\npatch_size = 2\n[teacher.training]\n`, "model.image_size=4");
    expect(found.recipe.teachers).toMatchObject([{ kind: "deit", model: { width: 192, heads: 3, imageSize: 4 } }]);
  });

  it("may be the student of another recipe, on the same images, with the same seed, and changed", () => {
    const other = written(
      tinyToml
        .replace(/train = .*/, "")
        .replace(/test = .*/, "")
        .replace(/seed = .*/, ""),
    );
    const found = read(`${untaught}\n[teacher]\nrecipe = "${other}"\nset = ["training.epochs=1"]\n`, "seed=5");
    const [teacher] = found.recipe.teachers;
    expect(teacher).toMatchObject({
      kind: "recipe",
      recipe: { seed: 5, data: { train: "synthetic:13" }, training: { schedule: { epochs: 1 } } },
    });
    expect(teacher).toMatchObject({ recipe: { teachers: [{ kind: "regnety" }] } });
    expect(readRecipe(written(found.text)).recipe.teachers).toEqual(found.recipe.teachers);
  });
});

describe("several teachers", () => {
  it("are printed by index, and written so that they are read again", () => {
    const found = read(two);
    expect(keysOf(found)).toEqual([
      ...["run", "head", "image_size", "mean", "std"].map((key) => `teacher.0.${key}`),
      ...["onnx", "image_size", "mean", "std"].map((key) => `teacher.1.${key}`),
    ]);
    expect(readRecipe(written(found.text)).recipe.teachers).toEqual(found.recipe.teachers);
  });

  it("are changed by index; one is changed with or without it, and a second may be added", () => {
    expect(read(two, "teacher.1.image_size=16").recipe.teachers[1]).toMatchObject({ imageSize: 16, mean: [0.25] });
    for (const key of ["teacher.training.batch", "teacher.0.training.batch"]) {
      const found = read(tinyToml, `${key}=6`);
      expect(found.recipe.teachers).toMatchObject([{ training: { batch: 6 } }]);
      expect(found.values.find((value) => value.key === "teacher.training.batch")).toMatchObject({ value: 6, source: "--set" });
    }
    expect(read(tinyToml, "teacher.1.run=a").recipe.teachers).toMatchObject([{ kind: "regnety" }, { kind: "run", path: "a" }]);
  });

  it("with another source replace the old one, and keep how the images are made", () => {
    expect(read(two, "teacher.1.run=c").recipe.teachers[1]).toMatchObject({ kind: "run", path: "c", imageSize: 8 });
    expect(keysOf(read(tinyToml, "teacher.run=c"))).toEqual(["run", "head", "image_size", "mean", "std"].map((key) => `teacher.${key}`));
  });

  it("of another kind of network begin its training anew", () => {
    const sizes = "teacher.model.width=8 teacher.model.heads=2 teacher.model.patch_size=2 teacher.training.batch=4".split(" ");
    const found = read(tinyToml, "teacher.model.kind=deit", ...sizes);
    expect(found.recipe.teachers).toMatchObject([
      { kind: "deit", training: { optimizer: { kind: "adamw" }, schedule: { base: 5e-4 / 128 } } },
    ]);
  });

  it("of a file replace those that it extends", () => {
    const found = read(`extends = "${written(two)}"\n[[teacher]]\nweights = "c.npz"\n`);
    expect(found.recipe.teachers).toMatchObject([{ kind: "weights", imageSize: null }]);
  });

  it("have their sources by index", () => {
    const found = read(`${two}\n[sources]\n"teacher.1.mean" = "a letter"\n`);
    expect(found.values.find(({ key }) => key === "teacher.1.mean")?.source).toBe("a letter");
  });
});

describe("refused in one line:", () => {
  it.each([
    [
      "no source",
      `${untaught}\n[teacher]\nimage_size = 8\n`,
      [],
      "teacher does not say where the teacher comes from: [teacher.model] with",
    ],
    ["two sources", `${untaught}\n[teacher]\nrun = "a"\nonnx = "b"\n`, [], "teacher has run and onnx, but a teacher has one source"],
    ["two sources of the second", `${two}weights = "x"\n`, [], "teacher.1 has onnx and weights, but a teacher has one source"],
    [
      "two sources by --set",
      tinyToml,
      ["teacher.run=a", "teacher.onnx=b"],
      "--set: a teacher has one source, got run and onnx for teacher.0",
    ],
    ["a change of one of several", two, ["teacher.head=class"], "there are 2 teachers: teacher.0.KEY … teacher.1.KEY say which one"],
    ["a teacher beyond the next", two, ["teacher.3.run=a"], "teacher.3: teachers are counted from 0, and there is no teacher.2"],
    ["a misspelt key", two, ["teacher.0.hed=class"], "teacher.0.hed is not known; did you mean teacher.head?"],
    ["a key of another source", two, ["teacher.1.head=class"], "teacher.1.head does not go with teacher.1.onnx"],
    ["a key of another network", tinyToml, ["teacher.training.drop_path=0.1"], 'does not go with teacher.model.kind = "regnety"'],
    ["another kind of network", tinyToml, ["teacher.model.kind=vit"], 'teacher.model.kind must be "regnety" or "deit", got "vit"'],
    ["a wrong value", two, ["teacher.1.image_size=0"], "teacher.1.image_size must be a positive integer, got 0"],
    [
      "a text",
      untaught.replace("[data]", 'teacher = "x"\n[data]'),
      [],
      'teacher must be a table, or a list of tables ([[teacher]]), got "x"',
    ],
    [
      "a micro-batch that does not divide the batch",
      tinyToml,
      ["training.micro_batch=3"],
      "training.micro_batch must divide training.batch = 4, got 3",
    ],
    ["a teacher's", tinyToml, ["teacher.training.micro_batch=3"], "teacher.training.micro_batch must divide teacher.training.batch = "],
    [
      "an unknown recipe",
      untaught,
      ["teacher.recipe=digit"],
      "no recipe digit: no file of that name can be read; the nearest bundled recipe is digits",
    ],
    ["a recipe of other classes", untaught, ["teacher.recipe=digits"], "the student of digits has model.classes = 10, but this one has 3"],
  ])("%s", (_, toml, set, text) => {
    expect(() => read(toml, ...set)).toThrow(text);
    expect(() => read(toml, ...set)).toThrow(/^[^\n]+$/);
  });

  it("a recipe that is its own teacher", () => {
    const path = written(untaught);
    writeFileSync(path, `${untaught}\n[teacher]\nrecipe = "${path}"\n`);
    expect(() => readRecipe(path)).toThrow("it is the teacher of itself");
    expect(recipeValues(path).values.length).toBeGreaterThan(0);
  });
});
