/** `deit eval --crop-areas`, and `deit eval` of a run's teacher. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { tolerances } from "../../src/check/tolerance.ts";
import { fileBytes } from "../../src/io/disk/fileBytes.ts";
import { writeSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { readTensorFile } from "../../src/io/weights/tensorFile.ts";
import { folderOf } from "../data/sources/files.ts";
import { deitHere, jsonHere } from "./inProcess.ts";
import { tinyRecipe } from "./tiny.ts";

const folder: string = mkdtempSync(join(tmpdir(), "deit-"));
const run: string = join(folder, "run");
const teacher: string = join(run, "teacher");

const accuracy = z.object({ top1: z.number(), top5: z.number(), loss: z.number(), images: z.number() });
const evaluation = accuracy.extend({ disagreement: z.number().nullable() });
const ofAreas = z.object({ areas: z.array(evaluation.extend({ from: z.number(), to: z.number(), wrong: z.number() }).strict()) });

let taught: z.infer<typeof accuracy> | null = null;

const evaluated = async (...args: readonly string[]): Promise<z.infer<typeof evaluation>> =>
  evaluation.parse(await jsonHere("eval", ...args));
const areas = async (...args: readonly string[]): Promise<z.infer<typeof ofAreas>["areas"]> =>
  ofAreas.parse(await jsonHere("eval", ...args)).areas;

async function refused(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await deitHere("eval", ...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/^deit eval: [^\n]+\n$/);
  return stderr;
}

beforeAll(async () => {
  const printed = await jsonHere("train", tinyRecipe(folder), "--out", run);
  taught = z.object({ teacher: accuracy }).parse(printed).teacher;
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("deit eval of a run's teacher, a RegNetY", () => {
  it.each(["", "weights.safetensors"])("gives the accuracy that the run printed: teacher/%s", async (file) => {
    const { loss, ...counts } = await evaluated(join(teacher, file), "synthetic:7");
    expect(counts).toEqual({ top1: taught?.top1, top5: taught?.top5, images: taught?.images, disagreement: null });
    expect(Math.abs(loss / (taught?.loss ?? NaN) - 1)).toBeLessThan(tolerances.equation.f32.bound); // sums of other batches
  });

  it("gives the same on the reference engine", async () => {
    expect(await evaluated(teacher, "synthetic:7", "--engine", "reference")).toMatchObject({ top1: taught?.top1, top5: taught?.top5 });
  });

  it("prints that it is a RegNetY, and no disagreement", async () => {
    const { status, stdout, stderr } = await deitHere("eval", teacher, "synthetic:7");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^top-1 \d+\.\d\d %, top-5 100\.00 %, loss \d\.\d{4} on 7 images of synthetic:7 \(RegNetY\)\n$/);
  });

  it("gives at several sizes what it gives at each", async () => {
    const sizes = [];
    for (const imageSize of [4, 7])
      sizes.push({ imageSize, ...(await evaluated(teacher, "synthetic:7", "--image-size", `${imageSize}`)), imagesPerSecond: expect.any(Number) }); // prettier-ignore
    expect(await jsonHere("eval", teacher, "synthetic:7", "--image-size", "4,7")).toEqual({ sizes });
    expect(sizes[0]).toMatchObject({ top1: taught?.top1 });
  });

  it.each([
    [["--head", "class"], "a RegNetY has one head, so --head class has no meaning here; it is evaluated without --head"],
    [["--heads", "2"], "a RegNetY has no attention, so --heads 2 has no meaning here; it is evaluated without --heads"],
    [["--model", "deit-tiny"], "--model deit-tiny goes with hash:SEED; a weights file determines its model"],
    [["--ema"], "has no weights-ema.safetensors: its run kept no moving average"],
  ])("refuses %j", async (options, line) => {
    expect(await refused(teacher, "synthetic:7", ...options)).toContain(line);
  });

  it("needs the size of the images if the file does not say it", async () => {
    const { tensors } = readTensorFile("safetensors", fileBytes(join(teacher, "weights.safetensors")));
    const path = join(folder, "unnamed.safetensors");
    writeFileSync(path, writeSafetensors(tensors, new Map()));
    const line = "the file of this RegNetY does not say the size of its images; --image-size 224 is usual";
    expect(await refused(path, "synthetic:7")).toContain(line);
    expect((await evaluated(path, "synthetic:7", "--image-size", "4")).images).toBe(7);
  });

  it("is refused by commands that need a DeiT", async () => {
    const { status, stderr } = await deitHere("inspect", teacher, "synthetic:7");
    expect(status).toBe(2);
    expect(stderr).toBe(`deit inspect: ${join(teacher, "weights.safetensors")}: weights: they are a RegNetY's; a DeiT's would be right\n`);
  });
});

describe("deit eval --crop-areas", () => {
  const of = (ends: string, ...options: readonly string[]): ReturnType<typeof areas> =>
    areas(run, "synthetic:7", "--crop-areas", ends, ...options);

  it("evaluates each range, and says how often the decision is not the label", async () => {
    const found = await of("0.2,0.5,0.9,1");
    expect(found.map(({ from, to }) => [from, to])).toEqual([
      [0.2, 0.5],
      [0.5, 0.9],
      [0.9, 1],
    ]);
    for (const { images, wrong, top1, disagreement } of found) {
      expect([images, wrong]).toEqual([7, 1 - top1]);
      expect(disagreement).not.toBeNull();
    }
    expect(new Set(found.map(({ loss }) => loss)).size).toBe(3);
  });

  it("gives the test view for all of the area", async () => {
    const whole = await evaluated(run, "synthetic:7");
    expect(await of("0.9999,1")).toEqual([{ from: 0.9999, to: 1, wrong: 1 - whole.top1, ...whole }]);
    const ofTeacher = await evaluated(teacher, "synthetic:7");
    expect(await areas(teacher, "synthetic:7", "--crop-areas", "0.9999,1")).toMatchObject([{ ...ofTeacher, disagreement: null }]);
  });

  it("gives a range the same beside others as alone, and for the same seed", async () => {
    const both = await of("0.2,0.5,0.9");
    expect([...(await of("0.2,0.5")), ...(await of("0.5,0.9", "--seed", "0"))]).toEqual(both);
    expect(await of("0.2,0.5", "--seed", "1")).not.toEqual(both.slice(0, 1));
  });

  it("gives the same whatever the number of workers, and evaluates one head", async () => {
    const photographs = folderOf([
      ["n01440764/a.jpg", "landscape.jpg"],
      ["n01443537/b.jpg", "portrait.jpg"],
      ["n01443537/c.jpg", "natural3.jpg"],
    ]);
    const args = ["hash:5", photographs, "--model", "deit-tiny-distilled", "--image-size", "32", "--crop-areas", "0.2,0.5,0.8"];
    const found = await areas(...args, "--workers", "0");
    expect(await areas(...args, "--workers", "2")).toEqual(found);
    const ofClass = await areas(...args, "--head", "class");
    expect(ofClass[0]?.loss).not.toBe(found[0]?.loss);
  });

  it("prints a table, for a RegNetY without disagreement", async () => {
    const { status, stdout, stderr } = await deitHere("eval", run, "synthetic:7", "--crop-areas", "0.2,0.5,1");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const row = String.raw` +\d+\.\d\d % +\d+\.\d\d % +\d\.\d{4} +\d+\.\d\d %`;
    const end = String.raw`on 7 images of synthetic:7 \(head: mean\), each seen as one crop of its area, seed 0\n$`;
    expect(stdout).toMatch(
      new RegExp(String.raw`^ +area +top-1 +top-5 +loss +wrong +disagreement\n0\.2 … 0\.5${row} +\d+\.\d\d %\n +0\.5 … 1${row} +\d+\.\d\d %\n${end}`), // prettier-ignore
    );
    const ofTeacher = (await deitHere("eval", teacher, "synthetic:7", "--crop-areas", "0.2,0.5")).stdout;
    expect(ofTeacher).toMatch(new RegExp(String.raw`^ +area +top-1 +top-5 +loss +wrong\n0\.2 … 0\.5${row}\non 7 images`));
  });

  const RIGHT = "It must be shares of an image's area, at least two, ascending, above 0 and up to 1: 0.08,0.2,0.4,0.6,0.8,1";
  it.each(["0.5", "0.5,0.2", "0.5,0.5", "0,0.5", "0.5,1.1", "0.5,", "half,1", "0.1;0.2"])("refuses the areas %s", async (ends) => {
    expect(await refused(run, "synthetic:7", "--crop-areas", ends)).toContain(`argument '${ends}' is invalid. ${RIGHT}`);
  });

  it.each([
    [["--crop-areas", "0.2,0.5", "--image-size", "4,8"], "--crop-areas 0.2,0.5 goes with one image size, got --image-size 4,8"],
    [
      ["--crop-areas", "0.2,0.5", "--convention", "timm"],
      "--convention timm is of the test view, which --crop-areas 0.2,0.5 replaces by crops",
    ],
    [["--seed", "3"], "--seed 3 has no effect without --crop-areas: the test view is not drawn"],
    [["--crop-areas", "0.2,0.5", "--seed", "-1"], "argument '-1' is invalid. It must be an integer of at least 0"],
  ])("refuses %j", async (options, line) => {
    expect(await refused(run, "synthetic:7", ...options)).toContain(line);
  });
});
