import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/temporary.ts";
import { CLI, deit, json } from "./deit.ts";
import { deitHere } from "./inProcess.ts";
import { tinyRecipe } from "./tiny.ts";

const filesIn = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
const weightsOf = (run: string): Buffer => readFileSync(join(run, "weights.safetensors"));

/** Enough epochs to be interrupted in. */
const LONG = ["--set", "training.epochs=200"];

/** Starts a run, sends a signal after its first steps, and waits for its end. */
async function interrupted(
  args: readonly string[],
  signal: NodeJS.Signals,
): Promise<{ readonly status: unknown; readonly stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (!stderr.includes("student:") && (stderr + text).includes("student:")) child.kill(signal);
    stderr += text;
  });
  const [status]: unknown[] = await once(child, "close");
  return { status, stderr };
}

describe("deit train", () => {
  it("trains teacher and student into runs/RECIPE-SEED, and prints their accuracies", () => {
    const folder = temporaryFolder();
    const { status, stdout, stderr } = deit(["train", tinyRecipe(folder)], folder);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^On 7 test images:\n +top-1 +top-5 +loss\nteacher +\d/);
    expect(stdout).toContain("The run is in runs/tiny-3 (seed 3)");
    expect(stderr).toMatch(/^teacher: epoch 0, step 1\/3, loss .+, lr .+, \d+ images\/s, data wait .+ %, ETA 0:\d\d\n/);
    expect(readdirSync(join(folder, "runs/tiny-3")).toSorted()).toEqual([
      "checkpoints",
      "metrics.jsonl",
      "recipe.toml",
      "report.html",
      "teacher",
      "weights.safetensors",
    ]);
  });

  it("writes a report that can be opened by itself", () => {
    const folder = temporaryFolder();
    const { stderr } = deit(["train", tinyRecipe(folder), "--set", "training.batch=3"], folder);
    expect(stderr).toMatch(/\nreport: runs\/tiny-3\/report\.html\n$/);
    const { document } = parseHTML(readFileSync(join(folder, "runs/tiny-3/report.html"), "utf8"));
    const texts = (selector: string): readonly string[] => [...document.querySelectorAll(selector)].map((e) => e.textContent?.trim() ?? "");
    expect(texts("h1")).toEqual(["tiny, seed 3"]);
    expect(texts("section")).toHaveLength(7);
    expect(texts("#recipe tr").map((row) => row.split(/\s+/))).toContainEqual(["training.batch", "3", "--set"]);
    expect(texts("#environment tr").map((row) => row.split(/\s+/))).toContainEqual(["Node", process.version]);
    expect(texts("#confusion p")[0]).toMatch(/^All 7 test images/);
  });

  it("goes without a report that cannot be written, and says so in one line", () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    const { stdout } = deit(["train", recipe], folder);
    const report = join(folder, "runs/tiny-3/report.html");
    rmSync(report);
    mkdirSync(report);
    const again = deit(["train", recipe, "--resume"], folder);
    expect(again.status).toBe(0);
    expect(again.stdout).toBe(stdout);
    expect(again.stderr).toMatch(/(^|\n)no report: [^\n]*report\.html[^\n]*\n$/);

    rmSync(report, { recursive: true });
    deit(["train", recipe, "--resume"], folder);
    expect(readFileSync(report, "utf8")).toMatch(/^<!doctype html>/);
  });

  it("prints one JSON object with --json, fractions of the test images", () => {
    const folder = temporaryFolder();
    const found = json(["train", tinyRecipe(folder), "--seed", "5"], folder);
    const accuracy = { top1: expect.any(Number), top5: 1, loss: expect.any(Number), images: 7 };
    const evaluation = { ...accuracy, disagreement: expect.any(Number) };
    expect(found).toMatchObject({
      directory: "runs/tiny-5",
      seed: 5,
      interrupted: false,
      teacher: accuracy,
      student: { class: evaluation, distillation: evaluation, mean: evaluation, "softmax-sum": evaluation },
    });
  });

  it("gives the same weights in less memory, and goes on with a run that has had more", () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    const [normal, low] = [join(folder, "normal"), join(folder, "low")];
    deit(["train", recipe, "--out", normal]);
    expect(deit(["train", recipe, "--out", low, "--memory", "low"]).status).toBe(0);
    expect(weightsOf(low).equals(weightsOf(normal))).toBe(true);
    expect(deit(["train", recipe, "--out", normal, "--memory", "low", "--resume"]).status).toBe(0);
  });

  it("keeps the recipe in full, so that the run needs no other file", () => {
    const folder = temporaryFolder();
    deit(["train", tinyRecipe(folder), "--out", join(folder, "run")]);
    expect(readFileSync(join(folder, "run/recipe.toml"), "utf8")).toMatch(/\nweight_decay = 0.05\n/);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("saves at %s, exits with 130, and goes on to the same bits", async (signal) => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const { status, stderr } = await interrupted(["train", recipe, ...LONG, "--out", parts], signal);
    expect(status).toBe(130);
    expect(stderr).toContain(`saved in ${parts}; deit train ${recipe} --set training.epochs=200 --out ${parts} --resume goes on`);
    expect(existsSync(join(parts, "weights.safetensors"))).toBe(false);

    expect(deit(["train", recipe, ...LONG, "--out", parts, "--resume"]).status).toBe(0);
    expect(deit(["train", recipe, ...LONG, "--out", whole]).status).toBe(0);
    expect(weightsOf(parts).equals(weightsOf(whole))).toBe(true);
  });
});

describe("a run that is going on", () => {
  it("is left alone by --resume, and gone on with once its process is dead", async () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    const run = join(folder, "run");
    const args = ["train", recipe, ...LONG, "--out", run];
    const child = spawn(process.execPath, [CLI, ...args], { stdio: "ignore" });
    while (!existsSync(join(run, "teacher/metrics.jsonl"))) await sleep(20);
    const { status, stdout, stderr } = await deitHere(...args, "--resume");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(
        `^deit train: a run is going on in ${run}: process ${child.pid} on .+, since .+; go on when it has ended, or stop it .+\\n$`,
      ),
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(existsSync(join(run, "lock.json"))).toBe(true);
    expect(deit([...args, "--resume"]).status).toBe(0);
    expect(readdirSync(run)).not.toContain("lock.json");
  });
});

describe("deit train refuses", () => {
  /** The one line of a command that must fail and leave the folder as it is. */
  function refused(folder: string, args: readonly string[]): string {
    const before = filesIn(folder);
    const { status, stdout, stderr } = deit(["train", ...args], folder);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^deit train: [^\n]+\n$/);
    expect(filesIn(folder)).toEqual(before);
    return stderr;
  }

  it("a folder that exists, without --resume", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "runs/tiny-3"), { recursive: true });
    expect(refused(folder, [tinyRecipe(folder)])).toContain(
      "runs/tiny-3 exists: --resume goes on with the run in it, --out DIR begins one elsewhere",
    );
  });

  it("to resume where there is no run", () => {
    const folder = temporaryFolder();
    expect(refused(folder, [tinyRecipe(folder), "--resume"])).toContain("no run to resume in runs/tiny-3");
  });

  it("to resume with another recipe", () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    deit(["train", recipe], folder);
    expect(refused(folder, [recipe, "--resume", "--set", "training.batch=2"])).toContain(
      "the run in runs/tiny-3 has training.batch = 4, not 2",
    );
  });

  it("to resume a plain run as a distilled one, but not for changes of a teacher that nobody learns from", () => {
    const folder = temporaryFolder();
    const plain = [tinyRecipe(folder), ...["model.distilled=false", "distillation.kind=none"].flatMap((change) => ["--set", change])];
    const changed = [...plain, "--set", "teacher.training.epochs=3"];
    expect(deit(["train", ...changed], folder).status).toBe(0);
    expect(deit(["train", ...changed, "--resume"], folder).status).toBe(0);
    expect(
      refused(folder, [...plain, "--set", "distillation.kind=two-class-tokens", "--set", "model.distilled=true", "--resume"]),
    ).toContain(
      'the run in runs/tiny-3 has model.distilled = false, not true; distillation.kind = "none", not "two-class-tokens"; another --out',
    );
  });

  it("a broken checkpoint", () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    deit(["train", recipe], folder);
    const checkpoint = join(folder, "runs/tiny-3/checkpoints/step-00000006/state.safetensors");
    const bytes = readFileSync(checkpoint);
    writeFileSync(checkpoint, bytes.fill(0, bytes.length - 8));
    expect(refused(folder, [recipe, "--resume"])).toMatch(/checkpoint: .*state\.safetensors: SHA-256 must be/);
  });

  it("a batch that does not fit the engine's memory, with batches that do", () => {
    const folder = temporaryFolder();
    const large = ["model.width=512", "training.batch=90000", "data.train=synthetic:90000"].flatMap((change) => ["--set", change]);
    expect(refused(folder, [tinyRecipe(folder), ...large])).toMatch(
      / a batch of 90000 needs .*; a batch of \d+ would fit, a batch of \d+ would fit with --memory low\n$/,
    );
    expect(refused(folder, [tinyRecipe(folder), ...large, "--memory", "low"])).toMatch(/ MB; a batch of \d+ would fit\n$/);
  });

  it.each(["training.batch", "teacher.training.batch"])("a %s of more images than there are", (key) => {
    const folder = temporaryFolder();
    expect(refused(folder, [tinyRecipe(folder), "--set", `${key}=2000`])).toContain(
      "data: synthetic:13 has 13 images, which is no full batch of 2000; 13 would be the most",
    );
  });

  it("a batch of which the teacher cannot take statistics", () => {
    const folder = temporaryFolder();
    expect(refused(folder, [tinyRecipe(folder), "--set", "teacher.training.batch=1"])).toContain(
      "batchNorm: training needs more than one value a channel, got 1",
    );
  });

  it("a folder that cannot be made", () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    expect(refused(folder, [recipe, "--out", join(recipe, "run")])).toContain(`run cannot be made: ${recipe} is a file, not a folder`);
  });

  it("data that does not fit the model", () => {
    const folder = temporaryFolder();
    expect(refused(folder, [tinyRecipe(folder), "--set", "data.train=digits:train"])).toContain(
      "digits: the image size must be a multiple of 8, got 4",
    );
  });
});
