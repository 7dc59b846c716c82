/** `deit inspect --beside`, and `deit inspect` without a folder to write. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { gap } from "../../src/check/close.ts";
import { hostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deitHere, deitIn, jsonHere, jsonIn } from "./inProcess.ts";
import { tinyRecipe } from "./tiny.ts";

const folder: string = mkdtempSync(join(tmpdir(), "deit-"));
const at = (name: string): string => join(folder, name);
const photo: string = fileURLToPath(new URL("../../fixtures/preprocess/source/landscape.jpg", import.meta.url));

const table = z.object({ names: z.array(z.string()), images: z.number(), matrix: z.array(z.array(z.number())) });
const answer = z.object({ out: z.string().nullable(), disagreement: table, files: z.array(z.string()) }).loose();
const evaluation = z.object({ top1: z.number(), disagreement: z.number().nullable() });

const inspected = async (...args: readonly string[]): Promise<z.infer<typeof answer>> =>
  answer.parse(await jsonHere("inspect", at("run"), "synthetic:7", ...args));

const evaluated = async (name: string, head: string): Promise<z.infer<typeof evaluation>> =>
  evaluation.parse(await jsonHere("eval", at(name), "synthetic:7", "--head", head));

/** The entry of a pair of names. */
function entry({ names, matrix }: z.infer<typeof table>, a: string, b: string): number {
  return matrix[names.indexOf(a)]?.[names.indexOf(b)] ?? NaN;
}

/** A distilled run and a copy of it, a plain run, and a distilled run on images of another size with another normalisation. */
beforeAll(async () => {
  const recipe = tinyRecipe(folder);
  const train = (name: string, ...options: readonly string[]): Promise<unknown> =>
    jsonHere("train", recipe, "--out", at(name), "--set", "training.epochs=1", ...options.flatMap((set) => ["--set", set]));
  await train("run");
  await train("plain", "model.distilled=false", "distillation.kind=none", "seed=5");
  await train("large", "model.image_size=8", "data.mean=[0.4]", "data.std=[0.5]");
  cpSync(at("run"), at("copy"), { recursive: true });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("deit inspect --beside", () => {
  const beside = (...names: readonly string[]): readonly string[] => names.flatMap((name) => ["--beside", at(name)]);

  it("adds rows for the one head of a plain model, and for each head of a distilled one and both", async () => {
    const { disagreement } = await inspected(...beside("plain", "large/"));
    const own = ["truth", "teacher", "class", "distillation", "both"];
    expect(disagreement.names).toEqual([...own, "plain", "large class", "large distillation", "large both"]);
    expect(disagreement.images).toBe(7);
    expect(disagreement.matrix.map((row) => row.length)).toEqual(disagreement.names.map(() => 9));
    const alone = (await inspected()).disagreement;
    expect(disagreement.matrix.slice(0, 5).map((row) => row.slice(0, 5))).toEqual(alone.matrix);
  });

  it("finds the error rates of deit eval, each model on images of its own size and normalisation", async () => {
    const { disagreement } = await inspected(...beside("plain", "large"));
    const rows = [["plain", "plain", "class"], ["large class", "large", "class"], ["large distillation", "large", "distillation"], ["large both", "large", "mean"]] as const; // prettier-ignore
    for (const [row, name, head] of rows) {
      const wrong = 1 - (await evaluated(name, head)).top1;
      expect(gap(hostArray([1], [entry(disagreement, "truth", row)]), hostArray([1], [wrong]))).toBeLessThan(tolerances.equation.f64.bound);
    }
    expect(entry(disagreement, "large class", "large distillation")).toBe((await evaluated("large", "class")).disagreement);
  });

  it("finds no disagreement of a model with its copy, head by head, and calls a file by its name", async () => {
    const { disagreement } = await inspected(...beside("copy", "copy/weights.safetensors"));
    for (const name of ["copy", "weights.safetensors"])
      for (const head of ["class", "distillation", "both"]) expect(entry(disagreement, head, `${name} ${head}`)).toBe(0);
    expect(entry(disagreement, "class", "copy distillation")).toBe(entry(disagreement, "class", "distillation"));
  });

  it("measures on as many images as --images says", async () => {
    expect((await inspected(...beside("plain", "large"), "--images", "3")).disagreement.images).toBe(3);
  });

  it("shows the larger table on the page", async () => {
    const { disagreement } = await inspected(...beside("plain", "large"), "--out", at("seen"));
    expect(JSON.parse(readFileSync(join(at("seen"), "disagreement.json"), "utf8"))).toEqual(disagreement);
    const { document } = parseHTML(readFileSync(join(at("seen"), "index.html"), "utf8"));
    const texts = (selector: string): readonly string[] => [...document.querySelectorAll(selector)].map((e) => e.textContent?.trim() ?? "");
    expect(texts(".facts dt")).toEqual(["weights", "beside", "beside", "engine", "deit"]);
    expect(texts(".facts dd").slice(1, 3)).toEqual([`the run in ${at("plain")}`, `the run in ${at("large")}`]);
    for (const name of disagreement.names) expect(texts("#disagreement svg text").filter((text) => text === name)).toHaveLength(2);
    expect(document.querySelector("#disagreement p")?.textContent).toContain("Beside it: plain, large");
  });

  const refused = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await deitHere("inspect", ...args, "--out", at("never"));
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^deit inspect: [^\n]+\n$/);
    expect(existsSync(at("never"))).toBe(false);
    return stderr;
  };
  const row = (name: string): string =>
    `the table of disagreement has a row ${name} already; another name of the folder or file would be right`;

  it("refuses equal names, and a name that the table has", async () => {
    cpSync(at("plain"), join(at("other"), "plain"), { recursive: true });
    cpSync(at("plain"), at("truth"), { recursive: true });
    expect(await refused(at("run"), "synthetic:7", ...beside("plain", "other/plain"))).toContain(
      `--beside ${at("other/plain")}: ${row("plain")}`,
    );
    expect(await refused(at("run"), "synthetic:7", ...beside("truth"))).toContain(row("truth"));
  });

  it("refuses an image file, which has no table", async () => {
    const model = ["hash:1", photo, "--model", "deit-tiny", "--image-size", "32"];
    expect(await refused(...model, ...beside("plain"))).toContain(`--beside needs a data set, and ${photo} is one image`);
  });

  it("refuses weights that are missing, of a RegNetY, or of other classes", async () => {
    const of = ["run", "synthetic:7"].map((name, i) => (i === 0 ? at(name) : name));
    expect(await refused(...of, "--beside", "nowhere")).toContain(
      "--beside nowhere: no weights nowhere: give a run's folder or a file (.safetensors, .npz, .pth)",
    );
    expect(await refused(...of, ...beside("run/teacher"))).toContain("weights: they are a RegNetY's; a DeiT's would be right");
    const model = ["hash:1", "synthetic:7", "--model", "deit-tiny", "--image-size", "32"];
    expect(await refused(...model, ...beside("plain"))).toContain(
      `--beside ${at("plain")}: a DeiT of 1 channels, and the model that is inspected has 3`,
    );
  });
});

describe("deit inspect without --out", () => {
  it("writes nothing, and prints the same JSON apart from the folder and its files", async () => {
    const empty = temporaryFolder();
    const alone = await jsonIn(empty, "inspect", at("run"), "synthetic:7", "--index", "2");
    expect(readdirSync(empty)).toEqual([]);
    const { out, files, ...same } = await inspected("--index", "2", "--out", at("written"));
    expect([out, files.length]).toEqual([at("written"), 11]);
    expect(alone).toEqual({ ...same, out: null, files: [] });
  });

  it("prints the table as text", async () => {
    const empty = temporaryFolder();
    const { status, stdout, stderr } = await deitIn(empty, "inspect", at("run"), "synthetic:7", "--beside", at("plain"));
    expect({ status, stderr, written: readdirSync(empty) }).toEqual({ status: 0, stderr: "", written: [] });
    const lines = stdout.split("\n");
    expect(lines[2]).toMatch(/^wrong on .*, \d+\.\d\d % by plain of synthetic:7$/);
    expect(lines[3]).toBe("classified differently, of 7 images:");
    expect(lines[4]).toMatch(/^ +truth +teacher +class +distillation +both +plain$/);
    expect(lines[10]).toMatch(/^plain( +\d+\.\d\d %){6}$/);
    expect(lines.slice(11)).toEqual([""]);
  });

  it("prints of an image file no table", async () => {
    const { status, stdout } = await deitHere("inspect", "hash:5", photo, "--model", "deit-tiny", "--image-size", "32");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^landscape\.jpg: [^\n]+ by model \(\d+\.\d\d %\)\na plain model: no distillation token to compare with\n$/);
  });
});
