/** Runs that start from weights: which values they begin with, and which weights are refused before anything is written. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { converted } from "../../src/io/weights/convert.ts";
import { numbersOf, type Stored } from "../../src/io/weights/stored.ts";
import { readWeights, writeWeights } from "../../src/io/weights/weights.ts";
import { parseSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { initialValues } from "../../src/model/init.ts";
import { parameterShapes } from "../../src/model/params.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import type { InitRecipe, Recipe } from "../../src/train/run/recipe.ts";
import { runRecipe } from "../../src/train/run/run.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { tiny } from "./tiny.ts";
import { quietRun } from "./quietRun.ts";

const KEY = keyOf(99);

/** A plain student that does not learn: after a step its weights are those that it started from. */
const still: Recipe = {
  ...tiny,
  model: { ...tiny.model, distilled: false },
  training: { ...tiny.training, schedule: { base: 0, min: 0, warmup: 0, warmupEpochs: 0, epochs: 1 }, emaDecay: null },
  distillation: { kind: "none" },
  teachers: [],
};

/** The bytes of weights of this configuration, with values of their own. */
function weightsOf(config: DeitConfig): Uint8Array {
  const stored = [...parameterShapes(config)].map(([name, shape]): [string, Stored] => [
    name,
    { dtype: "F64", shape, data: initialValues(config, KEY, name, shape) },
  ]);
  return writeWeights({ config, classes: null, preprocessing: null, tensors: new Map(stored) });
}

/** Runs a recipe from these weights. Returns the values of the student by name. */
async function started(
  bytes: Uint8Array,
  heads: InitRecipe["heads"],
  recipe: Recipe,
  positions: InitRecipe["positions"] = "bicubic",
): Promise<ReadonlyMap<string, readonly number[]>> {
  const folder = temporaryFolder();
  const from = join(folder, "given.safetensors");
  writeFileSync(from, bytes);
  const directory = join(folder, "run");
  try {
    await runRecipe(referenceEngine(), { ...recipe, init: { from, heads, positions } }, quietRun(directory));
  } catch (error) {
    if (existsSync(directory)) throw new Error("the folder was made although the run was refused", { cause: error });
    throw error;
  }
  return valuesIn(readFileSync(join(directory, "weights.safetensors")));
}

const valuesIn = (bytes: Uint8Array): ReadonlyMap<string, readonly number[]> =>
  new Map([...readWeights(bytes).tensors].map(([name, stored]) => [name, [...numbersOf(stored)]]));

const isHead = (name: string): boolean => name.startsWith("head");

describe("a run from weights", () => {
  it("begins with all of them if the heads are kept", async () => {
    const bytes = weightsOf(still.model);
    expect(await started(bytes, "keep", still)).toEqual(valuesIn(bytes));
  });

  it("draws new heads, as a run from random values does", async () => {
    const bytes = weightsOf({ ...still.model, classes: 7 });
    const found = await started(bytes, "new", still);
    const given = valuesIn(bytes);
    const key = fold(fold(keyOf(still.seed), "student"), "init");
    for (const [name, shape] of parameterShapes(still.model))
      expect(found.get(name)).toEqual(isHead(name) ? [...initialValues(still.model, key, name, shape)] : given.get(name));
  });

  it("resizes the position embedding to its images (E16, E17), and nothing else", async () => {
    const bytes = weightsOf({ ...still.model, imageSize: 6 });
    const found = await started(bytes, "keep", still);
    const resized = await converted(parseSafetensors(bytes), { imageSize: 4 });
    expect(found.get("pos_embed")).toHaveLength(5 * 8);
    for (const [name, stored] of resized.tensors) expect(found.get(name)).toEqual([...numbersOf(stored)]);
  });

  it("resizes the position embedding as init.positions says", async () => {
    const bytes = weightsOf({ ...still.model, imageSize: 6 });
    const given = valuesIn(bytes).get("pos_embed") ?? [];
    const found = (await started(bytes, "keep", still, "bilinear")).get("pos_embed") ?? [];
    const R = [[0.75, 0.25, 0], [0, 0.25, 0.75]]; // prettier-ignore
    const [prefix, D] = [1, 8];
    expect(found.slice(0, prefix * D)).toEqual(given.slice(0, prefix * D));
    for (let at = 0; at < 4 * D; at++) {
      const [i, j, c] = [Math.floor(at / (2 * D)), Math.floor(at / D) % 2, at % D];
      let expected = 0;
      for (let from = 0; from < 9; from++)
        expected += (R[i]?.[Math.floor(from / 3)] ?? NaN) * (R[j]?.[from % 3] ?? NaN) * (given[(prefix + from) * D + c] ?? NaN);
      expect(found[prefix * D + at]).toBeCloseTo(expected, 7);
    }
    for (const positions of ["bicubic", "nearest", "bicubic-norm", "bilinear-norm"] as const)
      expect((await started(bytes, "keep", still, positions)).get("pos_embed")).not.toEqual(found);
  });

  it.each([
    ["width", { width: 16 }, "has width = 16, but the recipe's model has width = 8"],
    ["depth", { depth: 3 }, "has depth = 3, but the recipe's model has depth = 2"],
    ["heads", { heads: 4 }, "has heads = 4, but the recipe's model has heads = 2"],
    ["patch", { patchSize: 4 }, "has patch_size = 4, but the recipe's model has patch_size = 2"],
    [
      "channels",
      { channels: 3 },
      "has channels = 3, but the recipe's model has channels = 1; model.channels = 3 would be right, with the channel of grey images repeated",
    ],
    ["hidden width", { mlpRatio: 4 }, "has mlp_ratio · width = 32, but the recipe's model has mlp_ratio · width = 16"],
    [
      "distillation token",
      { distilled: true },
      'has distilled = true, but the recipe\'s model has distilled = false; model.distilled = true would be right, with a teacher, or with distillation.kind = "class-head" without one',
    ],
    ["position embedding", { position: "fixed" }, "has position = fixed, but the recipe's model has position = learned"],
    ["classes", { classes: 7 }, 'has heads of 7 classes, and model.classes is 3; init.heads = "new" starts with random heads'],
  ] as const)("is refused before anything is written if the weights have another %s", async (_, changes, what) => {
    await expect(started(weightsOf({ ...still.model, ...changes }), "keep", still)).rejects.toThrow(what);
  });

  it("is refused for a distilled student of a plain model", async () => {
    const distilled: Recipe = { ...still, model: { ...still.model, distilled: true } };
    await expect(started(weightsOf(still.model), "new", distilled)).rejects.toThrow(
      'has distilled = false, but the recipe\'s model has distilled = true; model.distilled = false would be right, with distillation.student = "class" if there is a teacher',
    );
  });

  it("learns by the class head alone from those of a distilled model: the other head stays as it was drawn", async () => {
    const model = { ...still.model, distilled: true };
    const moving: Recipe = {
      ...still,
      model,
      distillation: { kind: "class-head" },
      training: { ...tiny.training, optimizer: { ...tiny.training.optimizer, weightDecay: 0 }, dropPath: 0 },
    };
    const bytes = weightsOf({ ...model, classes: 7 });
    const found = await started(bytes, "new", moving);
    const key = fold(fold(keyOf(moving.seed), "student"), "init");
    const drawn = (name: string): readonly number[] => [...initialValues(model, key, name, parameterShapes(model).get(name) ?? [])];
    expect(found.get("head_dist.weight")).toEqual(drawn("head_dist.weight"));
    expect(found.get("head.weight")).not.toEqual(drawn("head.weight"));
    expect(found.get("dist_token")).not.toEqual(valuesIn(bytes).get("dist_token"));
  });

  it("is refused if a head is missing", async () => {
    const model = { ...still.model, distilled: true };
    const { tensors, metadata } = parseSafetensors(weightsOf(model));
    const single = new Map([...tensors].filter(([name]) => !name.startsWith("head_dist.")));
    expect(metadata.size).toBe(1);
    const bytes = writeWeights({ config: model, classes: null, preprocessing: null, tensors: single });
    await expect(started(bytes, "keep", { ...still, model })).rejects.toThrow(
      'has no head_dist.weight; init.heads = "new" starts with random heads',
    );
    await expect(started(bytes, "new", { ...still, model })).resolves.toBeDefined();
  });

  it.each([
    ["damaged", Uint8Array.of(1, 2, 3)],
    ["empty", Uint8Array.of()],
  ])("is refused if the file is %s", async (_, bytes) => {
    await expect(started(bytes, "keep", still)).rejects.toThrow(/^\S+given\.safetensors: [^\n]+$/);
  });

  it("is refused if the file is missing", async () => {
    const directory = join(temporaryFolder(), "run");
    const recipe: Recipe = { ...still, init: { from: "nowhere.pth", heads: "keep", positions: "bicubic" } };
    await expect(runRecipe(referenceEngine(), recipe, quietRun(directory))).rejects.toThrow(
      "no weights nowhere.pth: give a run's folder or a file (.safetensors, .npz, .pth) as init.from",
    );
    expect(existsSync(directory)).toBe(false);
  });
});
