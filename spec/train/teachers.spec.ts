/** Teachers of every source on the tiny recipe: their logits, their errors, and the student that learns from them. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { hostArray, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { buildGraph } from "../../src/io/onnx/graph.ts";
import { encodeModel, type Value } from "../../src/io/onnx/model.ts";
import { fileBytes } from "../../src/io/disk/fileBytes.ts";
import { readTensorFile } from "../../src/io/weights/tensorFile.ts";
import { converted, encoded } from "../../src/io/weights/convert.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { logSoftmax, softmax } from "../../src/laws/loops/softmax.ts";
import type { Recipe, TeacherRecipe } from "../../src/train/run/recipe.ts";
import { runRecipe, type RunResult } from "../../src/train/run/run.ts";
import { openSets } from "../../src/train/run/sets.ts";
import type { Preparing } from "../../src/train/teachers/preparing.ts";
import { togetherOf, type Teacher } from "../../src/train/teachers/teacher.ts";
import { closeTeachers, madeTeachers, preparedTeachers } from "../../src/train/teachers/teachers.ts";
import { quietRun } from "./quietRun.ts";
import { tiny, tinyTeacher } from "./tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "deit-"));
const at = (name: string): string => join(folder, name);
const students = { imageSize: null, mean: null, std: null } as const;
const stored = (kind: "run" | "weights", path: string): TeacherRecipe => ({ kind, path, head: "mean", ...students });
const onnx = (path: string): TeacherRecipe => ({ kind: "onnx", path, ...students });
const withTeachers = (...teachers: readonly TeacherRecipe[]): Recipe => ({ ...tiny, teachers });
const { bound } = tolerances.recording.f32;

let engine: Engine;
let whole: RunResult;

async function finished(recipe: Recipe, name: string): Promise<RunResult> {
  const result = await runRecipe(engine, recipe, quietRun(at(name)));
  if (result.interrupted) throw new Error("interrupted");
  return result;
}

/** Converts a file as `deit convert` does. */
async function convert(from: string, to: string, format: "npz" | "onnx"): Promise<string> {
  writeFileSync(at(to), encoded(format, await converted(readTensorFile("safetensors", fileBytes(at(from))))));
  return at(to);
}

/** An .onnx file of a linear classifier. */
function linearFile(name: string, inputs: readonly Value[], out: readonly number[]): string {
  const [classes = 1] = out;
  const pixels = (inputs[0]?.shape ?? []).slice(1).reduce<number>((product, length) => product * Number(length), 1);
  const settings = { name, inputs, metadata: new Map(), tensors: new Map(), taps: false };
  const build: Parameters<typeof buildGraph>[1] = (g) => {
    const flat = g.node("Flatten", "flat", [inputs[0]?.name ?? ""], { axis: 1 });
    const weight = g.constant(
      "weight",
      [pixels, classes],
      Float32Array.from({ length: pixels * classes }, (_, i) => Math.sin(i)),
    );
    g.output(g.node("MatMul", "logits", [flat, weight]), out);
  };
  writeFileSync(at(name), encodeModel(buildGraph(settings, build)));
  return at(name);
}

/** Runs `use` with the teachers of a recipe. */
async function withMade<T>(recipe: Recipe, use: (teachers: readonly Teacher[]) => Promise<T>): Promise<T> {
  const sets = await openSets(engine, recipe, { directory: "", resume: false, workers: 0, onNotice: () => undefined });
  const preparing: Preparing = {
    engine,
    recipe,
    sets,
    openSets: (of) => openSets(engine, of, { directory: "", resume: false, workers: 0, onNotice: () => undefined }),
    run: () => Promise.resolve(false),
  };
  const prepared = await preparedTeachers(preparing);
  try {
    const made = await madeTeachers(prepared, preparing, () => ({
      ...quietRun(""),
      onProgress: null,
      onEpoch: async () => undefined,
      memory: "normal",
    }));
    const result = await use(made ?? []);
    for (const { release } of made ?? []) await release();
    return result;
  } finally {
    await closeTeachers(prepared);
    await sets.close();
  }
}

/** z_t of five images of noise. */
async function logitsBy({ logits }: Teacher): Promise<HostArray> {
  const k = engine.kernels;
  const images = k.upload(
    [5, 1, 4, 4],
    Float32Array.from({ length: 80 }, (_, i) => Math.cos(i * i)),
  );
  const z = await logits(k, images);
  const data = await engine.read(z);
  engine.release([images, z]);
  return hostArray(z.shape, data);
}

const logitsOf = (...teachers: readonly TeacherRecipe[]): Promise<HostArray> =>
  withMade(withTeachers(...teachers), async (made) => {
    const live = engine.memory().live;
    const together = togetherOf(made);
    if (together === null) throw new Error("no teacher");
    const z = await logitsBy(together);
    expect(engine.memory().live).toBe(live);
    return z;
  });

beforeAll(async () => {
  engine = await wasmEngine();
  whole = await finished(tiny, "whole");
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a teacher gives the same logits", () => {
  it("from the folder that it was trained in, from its file, and without the metadata", async () => {
    const z = await logitsOf(stored("run", at("whole/teacher")));
    expect(await logitsOf(stored("weights", at("whole/teacher/weights.safetensors")))).toEqual(z);
    expect(await logitsOf(stored("weights", await convert("whole/teacher/weights.safetensors", "teacher.npz", "npz")))).toEqual(z);
  });

  it.each([
    ["RegNetY", "whole/teacher"],
    ["DeiT", "whole"],
  ])("as an ONNX file: a %s", async (name, run) => {
    const file = await convert(`${run}/weights.safetensors`, `${name}.onnx`, "onnx");
    const [z, there] = [await logitsOf(stored("run", at(run))), await logitsOf(onnx(file))];
    expect(gap(there, z)).toBeLessThan(bound);
    expect(
      gap(
        there,
        hostArray(
          z.shape,
          z.data.map((x) => -x),
        ),
      ),
    ).toBeGreaterThan(bound);
  });

  it("as an ONNX file that takes one image, or three, at a time", async () => {
    const image: Value = { name: "x", shape: ["batch", 1, 4, 4] };
    const any = await logitsOf(onnx(linearFile("any.onnx", [image], [3])));
    for (const B of [1, 3]) expect(await logitsOf(onnx(linearFile(`${B}.onnx`, [{ name: "x", shape: [B, 1, 4, 4] }], [3])))).toEqual(any);
  });
});

it("several teachers give the logarithm of the mean of their distributions, also with one on the host", async () => {
  const linear = onnx(linearFile("linear.onnx", [{ name: "x", shape: ["batch", 1, 4, 4] }], [3]));
  const each = [stored("run", at("whole/teacher")), stored("run", at("whole")), linear];
  const probabilities: HostArray[] = [];
  for (const teacher of each) probabilities.push(softmax(await logitsOf(teacher)));
  const z = await logitsOf(...each);
  const mean = z.data.map((_, i) => Math.log(probabilities.reduce((sum, { data }) => sum + (data[i] ?? NaN), 0) / each.length));
  expect(gap(z, hostArray(z.shape, mean))).toBeLessThan(bound);
  expect(gap(z, logSoftmax(z))).toBeLessThan(bound);
});

it("a teacher of another size and normalisation sees the student's images resized and normalised anew", async () => {
  const teacher: TeacherRecipe = { ...stored("run", at("whole/teacher")), imageSize: 8, mean: [0.25], std: [0.5] };
  const z = await logitsOf(stored("run", at("whole/teacher")));
  expect(gap(await logitsOf(teacher), z)).toBeGreaterThan(bound);
});

describe("a run", () => {
  it("learns from the teacher of another run to the same bits as from one that it trains itself", async () => {
    const result = await finished(withTeachers(stored("run", at("whole/teacher"))), "again");
    expect(result.student).toEqual(whole.student);
    expect(result.teachers).toMatchObject([{ accuracy: { top1: whole.teacher?.top1 } }]);
    expect(readdirSync(at("again"))).not.toContain("teacher");
  });

  it("learns from several, each trained in a folder of its own, at its own size", async () => {
    const eight: TeacherRecipe = { ...tinyTeacher, imageSize: 8, mean: [0.25] };
    const result = await finished(withTeachers(tinyTeacher, eight), "two");
    expect(readdirSync(at("two")).filter((name) => name.startsWith("teacher"))).toEqual(["teacher-0", "teacher-1"]);
    const metadata = readTensorFile("safetensors", fileBytes(at("two/teacher-1/weights.safetensors"))).metadata.get("regnet");
    expect(JSON.parse(metadata ?? "")).toMatchObject({ imageSize: 8, preprocessing: { mean: [0.25] } });
    expect(result.teachers[0]?.accuracy).toEqual(whole.teacher);
    expect(result.teachers).toHaveLength(2);
  });

  it("learns from the student of another recipe, which it trains first and resumes", async () => {
    const other: TeacherRecipe = { kind: "recipe", name: "tiny", recipe: tiny, text: "", head: "mean", ...students };
    const recipe = withTeachers(other);
    let steps = 0;
    const stop = (): boolean => ++steps === 9; // the inner teacher has 6 steps, the inner student 12
    expect((await runRecipe(engine, recipe, { ...quietRun(at("nested")), stop })).interrupted).toBe(true);
    const pieces = await runRecipe(engine, recipe, { ...quietRun(at("nested")), resume: true });
    expect(pieces).toEqual(await finished(recipe, "undisturbed"));
    expect(pieces).toMatchObject({ teachers: [{ accuracy: { top1: whole.student.mean.top1 } }] });
  });

  it("is not resumed with another teacher under the same name", async () => {
    const file = at("teacher.safetensors");
    const recipe = withTeachers(stored("weights", file));
    copyFileSync(at("whole/teacher/weights.safetensors"), file);
    const result = await finished(recipe, "kept");
    expect(await runRecipe(engine, recipe, { ...quietRun(at("kept")), resume: true })).toEqual(result);
    copyFileSync(at("whole/weights.safetensors"), file);
    await expect(runRecipe(engine, recipe, { ...quietRun(at("kept")), resume: true })).rejects.toThrow(/recipe/);
  });
});

describe("refused in one line, before anything is written:", () => {
  const image: Value = { name: "x", shape: ["batch", 1, 4, 4] };
  const wide = (): TeacherRecipe => ({ ...onnx(linearFile("fixed.onnx", [image], [3])), imageSize: 8 });
  it.each<readonly [string, () => TeacherRecipe, string]>([
    ["no such run", () => stored("run", at("nowhere")), "give the folder of a finished run, or its folder teacher"],
    ["an unfinished run", () => (mkdirSync(at("empty"), { recursive: true }), stored("run", at("empty"))), "its run is not finished"],
    ["a file as a run", () => stored("run", at("whole/weights.safetensors")), "is a file: run takes a run's folder, and weights a file"],
    ["a folder as weights", () => stored("weights", at("whole")), "is a folder: weights takes a file, and run a run's folder"],
    ["no such file", () => stored("weights", at("no.npz")), "no.npz: give a file"],
    [
      "a head that is not there",
      () => ({ ...stored("run", at("whole/teacher")), head: "mean", mean: [1, 2] }),
      "mean must have a number for each of 1 channels",
    ],
    ["no such ONNX file", () => onnx(at("no.onnx")), "no.onnx: no such file"],
    ["no ONNX file", () => onnx(at("whole/weights.safetensors")), "weights.safetensors: "],
    [
      "two inputs",
      () => onnx(linearFile("inputs.onnx", [image, { ...image, name: "y" }], [3])),
      "a classifier has one input, but this model has 2: x, y",
    ],
    [
      "other channels",
      () => onnx(linearFile("rgb.onnx", [{ name: "x", shape: ["batch", 3, 4, 4] }], [3])),
      "the input x must be images [B, 1, S, S], got [batch, 3, 4, 4]",
    ],
    [
      "no square images",
      () => onnx(linearFile("flat.onnx", [{ name: "x", shape: ["batch", 1, 2, 8] }], [3])),
      "the input x must be images [B, 1, S, S], got [batch, 1, 2, 8]",
    ],
    [
      "other classes",
      () => onnx(linearFile("classes.onnx", [image], [4])),
      "the output logits must be logits [2, 3] of float32, got [2, 4] of float32",
    ],
    ["another size than the file takes", wide, "the model takes images of 4 × 4 only, and teacher.image_size is 8"],
  ])("%s", async (_, teacher, text) => {
    const recipe = withTeachers(teacher());
    const refused = runRecipe(engine, recipe, quietRun(at("refused")));
    await expect(refused).rejects.toThrow(text);
    await expect(refused).rejects.toThrow(/^teacher: [^\n]+$/);
    expect(readdirSync(folder)).not.toContain("refused");
  });

  it("and the second of two by its key", async () => {
    const refused = runRecipe(engine, withTeachers(tinyTeacher, onnx(at("no.onnx"))), quietRun(at("refused")));
    await expect(refused).rejects.toThrow(/^teacher\.1: [^\n]+no such file/);
  });
});
