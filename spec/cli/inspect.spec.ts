import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHTML } from "linkedom";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { gap } from "../../src/check/close.ts";
import { hostArray, type HostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { parseNpz } from "../../src/io/numpy/npz.ts";
import { numbersOf } from "../../src/io/weights/stored.ts";
import { tapShapes } from "../../src/recording/format/tensorSpecs.ts";
import { tensorOf } from "../helpers/fixtures.ts";
import { deitHere, jsonHere } from "./inProcess.ts";
import { tinyRecipe } from "./tiny.ts";

/** A small distilled run on synthetic images of 4 × 4 pixels in 2 × 2 patches: 2 blocks of 2 heads. */
const folder: string = mkdtempSync(join(tmpdir(), "deit-"));
const run: string = join(folder, "run");
const photo: string = fileURLToPath(new URL("../../fixtures/preprocess/source/landscape.jpg", import.meta.url));
const hash = (model: string): readonly string[] => ["--model", model, "--image-size", "32"];

const answer = z.object({
  out: z.string(),
  image: z.string(),
  label: z.number().nullable(),
  decisions: z.array(
    z.object({
      by: z.string(),
      decision: z.number(),
      probability: z.number(),
      top5: z.array(z.object({ index: z.number(), label: z.string(), probability: z.number() })),
    }),
  ),
  cosines: z
    .object({ blocks: z.array(z.number()) })
    .loose()
    .nullable(),
  disagreement: z.object({ names: z.array(z.string()), images: z.number(), matrix: z.array(z.array(z.number())) }).nullable(),
  files: z.array(z.string()),
});

/** The accuracy of the run's teacher. */
const trained = z.object({ teacher: z.object({ top1: z.number() }) });
let taught: z.infer<typeof trained>["teacher"] = { top1: NaN };

const inspected = async (out: string, ...args: readonly string[]): Promise<z.infer<typeof answer>> =>
  answer.parse(await jsonHere("inspect", ...args, "--out", join(folder, out)));

const file = (...path: readonly string[]): Buffer => readFileSync(join(folder, ...path));

const filesIn = (out: string): readonly string[] =>
  readdirSync(join(folder, out), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, out).length + 1));

const arrays = (out: string): ReadonlyMap<string, HostArray> =>
  new Map([...parseNpz(file(out, "intermediates.npz"))].map(([name, stored]) => [name, hostArray(stored.shape, numbersOf(stored))]));

const sizeOf = async (...path: readonly string[]): Promise<readonly number[]> => {
  const { width, height } = await sharp(file(...path)).metadata();
  return [width, height];
};

beforeAll(async () => {
  ({ teacher: taught } = trained.parse(await jsonHere("train", tinyRecipe(folder), "--out", run)));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("deit inspect of a data set", () => {
  let seen: z.infer<typeof answer> | null = null;
  beforeAll(async () => {
    seen = await inspected("data", run, "synthetic:7", "--index", "2");
  }, 120_000);

  it("writes the files that it lists", () => {
    expect(filesIn("data").toSorted()).toEqual(seen?.files.toSorted());
    expect(seen?.files).toEqual([
      "index.html",
      "image.png",
      "attention/block-0.png",
      "attention/block-1.png",
      "rollout.png",
      "rollout-by-block.png",
      "token-cosine.svg",
      "token-cosine.json",
      "disagreement.svg",
      "disagreement.json",
      "intermediates.npz",
    ]);
  });

  it("measures the same error rates and disagreement as deit eval, and the same for the teacher as the run", async () => {
    const { names, images, matrix } = seen?.disagreement ?? { names: [], images: NaN, matrix: [] };
    expect([names, images]).toEqual([["truth", "teacher", "class", "distillation", "both"], 7]);
    const evaluation = z.object({ top1: z.number(), disagreement: z.number() });
    const evaluated = [];
    for (const head of ["class", "mean"]) evaluated.push(evaluation.parse(await jsonHere("eval", run, "synthetic:7", "--head", head)));
    const wrong = [taught, ...evaluated].map(({ top1 }) => 1 - top1);
    const found = [1, 2, 4].map((i) => matrix[0]?.[i] ?? NaN);
    expect(gap(hostArray([3], found), hostArray([3], wrong))).toBeLessThan(tolerances.equation.f64.bound);
    expect(matrix[2]?.[3]).toBe(evaluated[0]?.disagreement);
  });

  it("has the same numbers in its files", () => {
    expect(JSON.parse(file("data", "disagreement.json").toString())).toEqual(seen?.disagreement);
    expect(JSON.parse(file("data", "token-cosine.json").toString())).toEqual(seen?.cosines);
  });

  it("measures cosines on --images images, and inspects the image --index", async () => {
    expect(seen?.cosines?.blocks).toHaveLength(2);
    const one = await inspected("one", run, "synthetic:7", "--images", "1");
    expect(one.disagreement?.images).toBe(1);
    expect(one.cosines?.blocks).not.toEqual(seen?.cosines?.blocks);
    expect(file("one", "rollout.png").equals(file("data", "rollout.png"))).toBe(false);
  });

  it("has pictures of every head in every block, two rows for each token", async () => {
    expect(await sizeOf("data", "attention", "block-1.png")).toEqual([3 * 132 - 4, 4 * 132 - 4]);
    expect(await sizeOf("data", "rollout-by-block.png")).toEqual([2 * 132 - 4, 4 * 132 - 4]);
    expect(await sizeOf("data", "rollout.png")).toEqual([2 * 228 - 4, 2 * 228 - 4]);
    expect(await sizeOf("data", "image.png")).toEqual([4, 4]);
  });

  it("has plots that are complete SVG files", async () => {
    for (const name of ["token-cosine.svg", "disagreement.svg"]) {
      expect(file("data", name).toString()).not.toContain("var(--");
      expect((await sizeOf("data", name))[0]).toBeGreaterThan(300);
    }
  });

  it("has a page that shows every picture, and needs no other file", () => {
    const { document } = parseHTML(file("data", "index.html").toString());
    const pictures = [...document.querySelectorAll("img")].map((img) => img.getAttribute("src") ?? "");
    expect(pictures.toSorted()).toEqual(seen?.files.filter((name) => name.endsWith(".png")).toSorted());
    expect([...document.querySelectorAll("section")].map(({ id }) => id)).toEqual([
      "image",
      "attention",
      "rollout",
      "tokens",
      "disagreement",
      "files",
    ]);
    const linked = [...document.querySelectorAll("#files a")].map((a) => a.getAttribute("href") ?? "");
    expect(linked.toSorted()).toEqual(seen?.files.filter((name) => name !== "index.html").toSorted());
    expect(document.querySelectorAll("script, link, iframe")).toHaveLength(0);
    for (const section of document.querySelectorAll("section")) expect(section.textContent?.trim().length).toBeGreaterThan(60);
  });

  it("has a page that shows its origin, and names rows, columns and colours", async () => {
    const { document } = parseHTML(file("data", "index.html").toString());
    const texts = (selector: string): readonly string[] => [...document.querySelectorAll(selector)].map((e) => e.textContent?.trim() ?? "");
    expect(texts(".facts dt")).toEqual(["weights", "engine", "deit"]);
    expect(texts(".facts dd")).toEqual([`the run in ${run}`, "wasm, f32", (await deitHere("--version")).stdout.trim()]);
    const rows = ["class token", "over the image", "distillation token", "over the image"];
    expect(texts("#attention .rows > *")).toEqual([...rows, ...rows]);
    expect(texts("#attention .column-names > *")).toEqual(["mean", "head 0", "head 1", "mean", "head 0", "head 1"]);
    expect(texts(".scale li").filter((tick) => tick === "1×")).toHaveLength(2);
    expect(texts("#attention .scale figcaption")).toEqual(["times the even share, which is 1/6 = 16.7 % for each of the 6 tokens"]);
    expect(texts("#image caption")).toEqual(["Class head", "Distillation head", "Both: mean of logits"]);
    expect(texts("#image tbody tr")).toHaveLength(3 * 3); // three heads, and all of the three classes
  });

  it("prints up to five classes for each head, the most probable first", () => {
    for (const { decision, probability, top5 } of seen?.decisions ?? []) {
      expect(top5).toHaveLength(3);
      expect(top5[0]).toEqual({ index: decision, label: `${decision}`, probability });
      expect(top5.map((one) => one.probability)).toEqual(top5.map((one) => one.probability).toSorted((a, b) => b - a));
      expect(top5.reduce((sum, one) => sum + one.probability, 0)).toBeCloseTo(1, 5);
    }
    expect(seen?.decisions.map(({ by }) => by)).toEqual(["class", "distillation", "both"]);
  });

  it("gives the same for the run's weights file, except for the teacher, which the file does not have", async () => {
    const alone = await inspected("file", join(run, "weights.safetensors"), "synthetic:7", "--index", "2");
    expect({ ...alone, out: seen?.out, disagreement: null }).toEqual({ ...seen, disagreement: null });
    expect(alone.disagreement?.names).toEqual(["truth", "class", "distillation", "both"]);
    expect(file("file", "index.html").toString()).toContain(`the file ${join(run, "weights.safetensors")}`);
  });

  it("has intermediates in the precision of the engine, the same on both", async () => {
    await inspected("reference", run, "synthetic:7", "--index", "2", "--engine", "reference");
    const dtypes = (out: string): readonly string[] => [...parseNpz(file(out, "intermediates.npz")).values()].map(({ dtype }) => dtype);
    expect(new Set(dtypes("reference"))).toEqual(new Set(["F64"]));
    expect(new Set(dtypes("data"))).toEqual(new Set(["F32"]));
    const [f32, f64] = [arrays("data"), arrays("reference")];
    expect([...f32.keys()]).toEqual([...f64.keys()]);
    for (const [name, array] of f32) expect(gap(array, tensorOf(f64, name))).toBeLessThan(tolerances.recordedEndToEnd.f32.bound);
  });

  it("writes equal files each time", async () => {
    await inspected("again", run, "synthetic:7", "--index", "2");
    for (const name of seen?.files ?? []) expect(file("again", name).equals(file("data", name))).toBe(true);
  });
});

describe("deit inspect of an image file", () => {
  it("has every intermediate by path", async () => {
    const { image, label, disagreement } = await inspected("image", "hash:5", photo, ...hash("deit-tiny-distilled"));
    expect([image, label, disagreement]).toEqual(["landscape.jpg", null, null]);
    const config = { imageSize: 32, patchSize: 16, channels: 3, width: 192, depth: 12, heads: 3, mlpRatio: 4, classes: 1000 };
    const taps = tapShapes({ ...config, distilled: true, layerNormEps: 1e-6, position: "learned" }, 1);
    const { document } = parseHTML(file("image", "index.html").toString());
    expect(document.querySelector("#disagreement, [href='#disagreement']")).toBeNull();
    expect(document.querySelectorAll("#image tbody tr")).toHaveLength(3 * 5);
    expect(document.querySelector(".facts dd")?.textContent).toBe("hash:5: random, of deit-tiny-distilled");
    expect([...arrays("image")].map(([name, { shape }]) => [name, shape])).toEqual([["images", [1, 3, 32, 32]], ...taps]);
  });

  it("has no distillation parts for a plain model, and its page explains why", async () => {
    const args = ["inspect", "hash:5", photo, ...hash("deit-tiny")];
    const { status, stdout, stderr } = await deitHere(...args, "--out", join(folder, "plain"));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(
      /^landscape\.jpg: [^\n]+ by model \(\d+\.\d\d %\)\na plain model: no distillation token to compare with\n17 files in /,
    );
    expect(filesIn("plain").filter((name) => /cosine|disagreement/.test(name))).toEqual([]);
    expect(arrays("plain").has("head_dist")).toBe(false);
    expect(file("plain", "index.html").toString()).toContain("The model is plain: it has only a class token");
  });
});

/** All numbers in parsed JSON, in its order. */
const numbersIn = (value: unknown): readonly number[] =>
  typeof value === "number" ? [value] : typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];

describe("deit inspect of a folder of photographs", () => {
  const classes = ["n01440764", "n01443537"];
  const photos = join(folder, "photos");
  const args = ["hash:5", photos, ...hash("deit-tiny-distilled")];
  beforeAll(() => {
    for (const [i, name] of classes.entries()) {
      mkdirSync(join(photos, name), { recursive: true });
      copyFileSync(fileURLToPath(new URL(`../../fixtures/preprocess/source/${["landscape", "restart"][i]}.jpg`, import.meta.url)), join(photos, name, "a.jpg")); // prettier-ignore
    }
  });

  it("inspects one of them with its class, and measures on all or some", async () => {
    const first = await inspected("first", ...args, "--images", "1");
    expect([first.label, first.disagreement?.images]).toEqual([0, 1]);
    const second = await inspected("second", ...args, "--index", "1");
    expect([second.label, second.disagreement?.images, second.disagreement?.names]).toEqual([
      1,
      2,
      ["truth", "class", "distillation", "both"],
    ]);
    expect(second.image).toBe(`image 1 of ${photos}`);
    expect(file("second", "index.html").toString()).toContain("of class goldfish");
  });

  it("gives the same for the first image as for its file", async () => {
    await inspected("alone", "hash:5", join(photos, "n01440764", "a.jpg"), ...hash("deit-tiny-distilled"));
    for (const name of ["image.png", "rollout.png", "intermediates.npz"])
      expect(file("first", name).equals(file("alone", name))).toBe(true);
    const cosines = ["first", "alone"].map((name) => numbersIn(JSON.parse(file(name, "token-cosine.json").toString())));
    expect(cosines[0]?.length).toBeGreaterThan(10);
    for (const [i, cosine] of (cosines[0] ?? []).entries()) expect(cosine).toBeCloseTo(cosines[1]?.[i] ?? NaN, 5); // normalised on the engine, or before
  });

  it("refuses an index beyond the last", async () => {
    const { status, stderr } = await deitHere("inspect", ...args, "--index", "2", "--out", join(folder, "beyond"));
    expect(status).toBe(2);
    expect(stderr).toBe(`deit inspect: --index 2: ${photos} has 2 images, 0 … 1\n`);
  });
});

describe("deit inspect refuses", () => {
  const refused = async (out: string, ...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await deitHere("inspect", ...args, "--out", join(folder, out));
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^deit inspect: [^\n]+\n$/);
    return stderr;
  };

  it("a folder that exists already, and leaves it unchanged", async () => {
    expect(await refused("run", run, "synthetic:7")).toContain(`${run} exists already; give the path of a new folder`);
    expect(filesIn("run")).not.toContain("index.html");
  });

  it.each([
    ["an index beyond the data set", ["synthetic:7", "--index", "7"], "--index 7: synthetic:7 has 7 images, 0 … 6"],
    ["an unknown data set", ["nowhere"], 'unknown data set "nowhere"'],
  ])("%s", async (_, args, line) => {
    expect(await refused("new", run, ...args)).toContain(line);
    expect(existsSync(join(folder, "new"))).toBe(false);
  });

  it("a file that is not an image, and an index for an image file", async () => {
    const broken = join(folder, "broken.jpg");
    writeFileSync(broken, "nothing");
    const model = hash("deit-tiny");
    expect(await refused("new", "hash:1", broken, ...model)).toContain(
      `${broken}: is not a JPEG, PNG or WebP image: it begins with the bytes 6e 6f`,
    );
    expect(await refused("new", "hash:1", photo, ...model, "--index", "0")).toContain(
      `--index needs a data set, and ${photo} is one image`,
    );
    expect(await refused("new", "hash:1", "missing.jpg", ...model)).toContain("no image missing.jpg: there is no such file");
    expect(readdirSync(folder).filter((name) => name.startsWith("new"))).toEqual([]);
  });
});
