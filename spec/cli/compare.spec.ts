import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deit, json, stoppedOnceThereIs } from "./deit.ts";
import { deitHere, deitIn, jsonHere } from "./inProcess.ts";
import { tinyRecipe, tinyToml } from "./tiny.ts";

const set = (...changes: readonly string[]): readonly string[] => changes.flatMap((change) => ["--set", change]);

const filesIn = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();

describe("deit compare", () => {
  const folderWithRecipe = (): { readonly folder: string; readonly recipe: string } => {
    const folder = temporaryFolder();
    return { folder, recipe: tinyRecipe(folder) };
  };

  it("trains both arms on each seed, and its table agrees with deit eval of the runs", async () => {
    const { folder, recipe } = folderWithRecipe();
    const out = join(folder, "runs");
    const result = Object(json(["compare", recipe, "--seeds", "2", "--out", out], folder));
    const runs = ["distilled-0", "distilled-1", "plain-0", "plain-1"];
    expect(readdirSync(out).toSorted()).toEqual(runs.flatMap((run) => [run, `${run}.json`]));
    const rows: { seed: number; distilled: number; plain: number; difference: number; teacher: number }[] = result.rows;
    expect(rows.map(({ seed }) => seed)).toEqual([0, 1]);
    const top1 = async (run: string): Promise<unknown> => Object(await jsonHere("eval", join(out, run), "synthetic:7")).top1;
    for (const { seed, distilled, plain, difference } of rows) {
      expect([distilled, plain]).toEqual([await top1(`distilled-${seed}`), await top1(`plain-${seed}`)]);
      expect(difference).toBeCloseTo(distilled - plain, 12);
    }
    const [a = NaN, b = NaN] = rows.map((row) => row.difference);
    expect(result.difference.mean).toBeCloseTo((a + b) / 2, 12);
    expect(result.difference.standardError).toBeCloseTo(Math.abs(a - b) / 2, 12); // the standard error of two values is half their distance
    expect(result.epochs).toBe(2);
  });

  it("prints the difference whatever its sign, and that one seed has no standard error", () => {
    const { folder, recipe } = folderWithRecipe();
    const { status, stdout } = deit(["compare", recipe, "--seeds", "1", "--out", join(folder, "one")], folder);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^seed +teacher +distilled +plain +difference$/m);
    expect(stdout).toMatch(/Distillation changes top-1 by [+-]?\d+\.\d\d points; .* unknown for one seed/);
  });

  it("saves its runs at SIGINT, prints the command that continues them, and continues", async () => {
    const { folder, recipe } = folderWithRecipe();
    const args = ["compare", recipe, "--seeds", "1", ...set("training.epochs=100"), "--out", "run s"];
    const { status, stdout, stderr } = await stoppedOnceThereIs(join(folder, "run s/plain-0/metrics.jsonl"), args, folder);
    expect({ status, stdout }).toEqual({ status: 130, stdout: "" });
    expect(stderr).toMatch(/\nstopping: [^\n]+\n/);
    const repeat = `deit compare ${recipe} --seeds 1 --set training.epochs=100 --out 'run s'`;
    expect(stderr.split("\n").at(-2)).toBe(`the runs are saved in run s; ${repeat} continues them`);
    expect(filesIn(join(folder, "run s")).filter((name) => name.endsWith("lock.json"))).toEqual([]);
    expect(json(args, folder)).toMatchObject({ epochs: 100, rows: [{ seed: 0, difference: expect.any(Number) }] });
  });

  it("ends its runs when it is killed, and continues them with the same results", async () => {
    const { folder, recipe } = folderWithRecipe();
    const args = ["compare", recipe, "--seeds", "1", ...set("training.epochs=60")];
    await stoppedOnceThereIs(join(folder, "killed/plain-0/metrics.jsonl"), [...args, "--out", "killed"], folder, "SIGKILL");
    const isLocked = (): boolean => filesIn(join(folder, "killed")).some((name) => name.endsWith("lock.json"));
    for (let i = 0; i < 500 && isLocked(); i++) await sleep(20);
    expect(isLocked()).toBe(false);
    const weights = join(folder, "killed/plain-0/weights.safetensors");
    expect(existsSync(weights)).toBe(false); // it was not simply let finish
    expect(json([...args, "--out", "killed"], folder)).toEqual(json([...args, "--out", "whole"], folder));
    expect(readFileSync(weights).equals(readFileSync(join(folder, "whole/plain-0/weights.safetensors")))).toBe(true);
  });

  it("stops the other runs once one has failed, and reports which, why and how to continue", () => {
    const { folder, recipe } = folderWithRecipe();
    const broken = ["--seeds", "4", ...set("training.batch=2000"), "--out", join(folder, "failing")];
    const { status, stdout, stderr } = deit(["compare", recipe, ...broken], folder);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    const last = stderr.split("\n").at(-2);
    expect(last).toMatch(/^deit compare: \S+-0: data: synthetic:13 has 13 images, too few for a batch of 2000; the largest batch is 13;/);
    expect(last).toMatch(/; once that is fixed, deit compare \S+ --seeds 4 --set training\.batch=2000 --out \S+ continues$/);
    expect(stderr).not.toContain("distilled-2");
    expect(readdirSync(folder)).toEqual(["tiny.toml"]);
  });

  it("refuses a recipe without a teacher, and writes nothing", async () => {
    const { folder, recipe } = folderWithRecipe();
    const { status, stderr } = await deitIn(folder, "compare", recipe, "--set", "distillation.kind=none", "--out", "none");
    expect(status).toBe(2);
    expect(stderr).toBe("deit compare: recipe tiny: it has no teacher, so there is nothing to compare\n");
    expect(readdirSync(folder)).not.toContain("none");
  });
});

describe("deit compare with runs of an earlier comparison", () => {
  const folder = mkdtempSync(join(tmpdir(), "deit-"));
  const recipe = tinyRecipe(folder);
  const out = join(folder, "runs");
  const changes = ["training.epochs=1", "data.mean=[0.4]"];
  const args = ["compare", recipe, ...set(...changes), "--out", out];
  let first: unknown = null;
  beforeAll(() => {
    first = json([...args, "--seeds", "1"], folder);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The one line of a command that must fail and leave everything as it is. */
  async function refused(...args: readonly string[]): Promise<string> {
    const before = filesIn(folder);
    const { status, stdout, stderr } = await deitHere("compare", recipe, "--out", out, ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^deit compare: [^\n]+\n$/);
    expect(filesIn(folder)).toEqual(before);
    return stderr.trim();
  }

  it("refuses a recipe that differs from theirs, and names the keys, both values and how to continue", async () => {
    expect(await refused("--seeds", "1")).toBe(
      `deit compare: the run in ${out}/distilled-0 has data.mean = [0.4], not [0.5]; training.epochs = 1, not 2; ` +
        "another --out begins another comparison, and --set 'data.mean=[0.4]' --set training.epochs=1 continues the existing runs",
    );
  });

  it("refuses a recipe whose file has changed, even with the same --set", async () => {
    writeFileSync(recipe, tinyToml.replace("width = 8", "width = 16"));
    expect(await refused("--seeds", "1", ...set(...changes))).toContain("distilled-0 has model.width = 8, not 16; another --out");
    writeFileSync(recipe, tinyToml);
  });

  it("refuses another kind of distillation, whose values the runs do not have", async () => {
    const line = await refused("--seeds", "1", ...set(...changes, "distillation.kind=soft"));
    expect(line).toContain(
      'distillation.kind = "hard", not "soft"; distillation.lambda = nothing, not 0.1; distillation.tau = nothing, not 3; ' +
        'distillation.divide_by = nothing, not "batch"; distillation.direction = nothing, not "teacher-first"; ' +
        "distillation.alpha = 0.5, not nothing; another --out",
    );
  });

  it("refuses more seeds of another recipe", async () => {
    expect(await refused("--seeds", "3", ...set("training.epochs=1"))).toContain("distilled-0 has data.mean = [0.4], not [0.5]; another");
  });

  it("refuses an engine other than theirs", async () => {
    expect(await refused("--seeds", "1", ...set(...changes), "--engine", "reference")).toBe(
      `deit compare: the run in ${out}/distilled-0 is of the wasm engine, not of reference, which rounds differently; ` +
        "another --out begins another comparison, and --engine wasm continues the existing runs",
    );
  });

  it("refuses a seed among the changes", async () => {
    expect(await refused(...set(...changes, "seed=5"))).toContain(
      "--set seed: the seeds of a comparison are 0, 1, …; --seeds says how many",
    );
  });

  it("refuses a run that another process is training", async () => {
    const lock = join(out, "plain-0/lock.json");
    writeFileSync(lock, JSON.stringify({ pid: process.pid, began: null, host: hostname(), since: "2026-01-02T03:04:05.000Z" }));
    expect(await refused("--seeds", "1", ...set(...changes))).toBe(
      `deit compare: a run is going on in ${out}/plain-0: process ${process.pid} on ${hostname()}, since 2026-01-02T03:04:05.000Z; ` +
        `go on when it has ended, or stop it by Ctrl-C or kill -INT ${process.pid}`,
    );
    rmSync(lock);
  });

  it("refuses a folder without a recipe, and one with a damaged recipe", async () => {
    const path = join(out, "distilled-0/recipe.toml");
    const text = readFileSync(path);
    writeFileSync(path, "seed = = 1");
    expect(await refused("--seeds", "1", ...set(...changes))).toContain(`recipe ${path}: line 1, column 8:`);
    rmSync(path);
    expect(await refused("--seeds", "1", ...set(...changes))).toContain(
      `no run to resume in ${out}/distilled-0: it has no recipe.toml; remove it, or another --out begins another comparison`,
    );
    writeFileSync(path, text);
  });

  it("refuses a path where no folder can be made", async () => {
    expect(await refused("--seeds", "1", "--out", join(recipe, "runs"))).toContain(
      `${recipe}/runs cannot be made: ${recipe} is a file, not a folder`,
    );
  });

  it("reuses existing runs when the command is repeated, and trains those that are added or missing", () => {
    const weights = readFileSync(join(out, "distilled-0/weights.safetensors"));
    rmSync(join(out, "plain-0"), { recursive: true });
    const two = Object(json([...args, "--seeds", "2", "--threads", "2"], folder));
    const one = Object(first);
    expect(two.rows[0]).toEqual(one.rows[0]);
    expect([one.epochs, two.rows.length]).toEqual([1, 2]);
    expect(readFileSync(join(out, "distilled-0/weights.safetensors")).equals(weights)).toBe(true);
    expect(json([...args, "--seeds", "1"], folder)).toEqual(one);
  });
});
