import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/temporary.ts";
import { CLI, type Ran } from "./deit.ts";
import { deitHere, deitIn, jsonIn } from "./inProcess.ts";
import { tinyRecipe } from "./tiny.ts";

const filesIn = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
const weightsOf = (run: string): Buffer => readFileSync(join(run, "weights.safetensors"));
const set = (...changes: readonly string[]): readonly string[] => changes.flatMap((change) => ["--set", change]);

/** Gives the student 200 steps an epoch, enough to interrupt it. */
const LONG = set("data.train=synthetic:800", "teacher.training.batch=100");

/** A folder with the finished run that most tests read: 4 steps an epoch. */
const finished: string = mkdtempSync(join(tmpdir(), "deit-"));
const CHANGE = set("training.batch=3");
let printed: Ran = { status: null, stdout: "", stderr: "" };
beforeAll(async () => {
  printed = await deitIn(finished, "train", tinyRecipe(finished), ...CHANGE);
}, 120_000);
afterAll(() => rmSync(finished, { recursive: true }));

/** A copy of that folder, which a test may change. */
function copyOfFinished(): string {
  const folder = temporaryFolder();
  cpSync(finished, folder, { recursive: true });
  return folder;
}

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
    const { status, stdout, stderr } = printed;
    expect(status).toBe(0);
    expect(stdout).toMatch(/^On 7 test images:\n +top-1 +top-5 +loss\nteacher +\d/);
    expect(stdout).toContain("The run is in runs/tiny-3 (seed 3)");
    expect(stderr).toMatch(/^teacher: epoch 0, step 1\/3, loss .+, lr .+, \d+ images\/s, data wait .+ %, ETA 0:\d\d\n/);
    expect(readdirSync(join(finished, "runs/tiny-3")).toSorted()).toEqual([
      "checkpoints",
      "events.out.tfevents.0000000001",
      "metrics.jsonl",
      "recipe.toml",
      "report.html",
      "teacher",
      "weights-ema.safetensors",
      "weights.safetensors",
    ]);
  });

  it("writes a report that needs no other file", () => {
    expect(printed.stderr).toMatch(/\nreport: runs\/tiny-3\/report\.html\n$/);
    const { document } = parseHTML(readFileSync(join(finished, "runs/tiny-3/report.html"), "utf8"));
    const texts = (selector: string): readonly string[] => [...document.querySelectorAll(selector)].map((e) => e.textContent?.trim() ?? "");
    expect(texts("h1")).toEqual(["tiny, seed 3"]);
    expect(texts("section")).toHaveLength(7);
    expect(texts("#recipe tr").map((row) => row.split(/\s+/))).toContainEqual(["training.batch", "3", "--set"]);
    expect(texts("#environment tr").map((row) => row.split(/\s+/))).toContainEqual(["Node", process.version]);
    expect(texts("#confusion p")[0]).toMatch(/^All 7 test images/);
  });

  it("succeeds even if the report cannot be written, and reports that in one line", async () => {
    const folder = copyOfFinished();
    const args = ["train", "tiny.toml", ...CHANGE, "--resume"];
    const report = join(folder, "runs/tiny-3/report.html");
    rmSync(report);
    mkdirSync(report);
    const again = await deitIn(folder, ...args);
    expect(again.status).toBe(0);
    expect(again.stdout).toBe(printed.stdout);
    expect(again.stderr).toMatch(/(^|\n)no report: [^\n]*report\.html[^\n]*\n$/);

    rmSync(report, { recursive: true });
    await deitIn(folder, ...args);
    expect(readFileSync(report, "utf8")).toMatch(/^<!doctype html>/);
  });

  it("prints one JSON object with --json, with accuracies as fractions", async () => {
    const folder = temporaryFolder();
    const found = await jsonIn(folder, "train", tinyRecipe(folder), "--seed", "5");
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

  it("gives bitwise identical weights with --memory low, which may also continue a run made without it", async () => {
    const folder = copyOfFinished();
    const args = ["train", "tiny.toml", ...CHANGE, "--memory", "low"];
    expect((await deitIn(folder, ...args, "--out", "low")).status).toBe(0);
    expect(weightsOf(join(folder, "low")).equals(weightsOf(join(folder, "runs/tiny-3")))).toBe(true);
    expect((await deitIn(folder, ...args, "--resume")).status).toBe(0);
  });

  it("keeps the recipe in full, so that the run needs no other file", () => {
    expect(readFileSync(join(finished, "runs/tiny-3/recipe.toml"), "utf8")).toMatch(/\nweight_decay = 0.05\n/);
  });
});

describe("an interrupted run", () => {
  const folder = mkdtempSync(join(tmpdir(), "deit-"));
  const recipe = tinyRecipe(folder);
  const whole = join(folder, "whole");
  beforeAll(() => deitHere("train", recipe, ...LONG, "--out", whole), 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("saves at SIGINT, exits with 130, and continues to bitwise identical weights", async () => {
    const parts = join(folder, "parts");
    const { status, stderr } = await interrupted(["train", recipe, ...LONG, "--out", parts], "SIGINT");
    expect(status).toBe(130);
    expect(stderr).toContain(`saved in ${parts}; deit train ${recipe} ${LONG.join(" ")} --out ${parts} --resume continues`);
    expect(existsSync(join(parts, "weights.safetensors"))).toBe(false);

    expect((await deitHere("train", recipe, ...LONG, "--out", parts, "--resume")).status).toBe(0);
    expect(weightsOf(parts).equals(weightsOf(whole))).toBe(true);
  });
});

describe("deit train --resume begins the run", () => {
  /** What a process that is killed while it begins may leave, or a script may have made. */
  const beginnings: readonly (readonly [what: string, make: (run: string) => void])[] = [
    ["if there is no folder", () => undefined],
    ["in an empty folder", (run) => mkdirSync(run)],
    ["if there is only the folder under its temporary name", (run) => mkdirSync(`${run}.partial`)],
    [
      "if the folder under its temporary name has a recipe and the lock of a dead process",
      (run) => {
        mkdirSync(`${run}.partial`);
        writeFileSync(join(`${run}.partial`, "recipe.toml"), "seed = ");
        writeFileSync(join(`${run}.partial`, "lock.json"), "");
      },
    ],
    [
      "in a folder whose recipe was not complete",
      (run) => {
        mkdirSync(run);
        writeFileSync(join(run, "recipe.toml.partial"), "seed = ");
        writeFileSync(join(run, "lock.json"), "");
      },
    ],
    [
      "in a folder with a recipe and nothing else",
      (run) => {
        mkdirSync(run);
        cpSync(join(finished, "runs/tiny-3/recipe.toml"), join(run, "recipe.toml"));
      },
    ],
  ];

  it.each(beginnings)("%s", async (_, make) => {
    const folder = temporaryFolder();
    const run = join(folder, "run");
    make(run);
    const { status } = await deitIn(folder, "train", tinyRecipe(folder), ...CHANGE, "--out", run, "--resume");
    expect(status).toBe(0);
    expect(weightsOf(run).equals(weightsOf(join(finished, "runs/tiny-3")))).toBe(true);
    expect(readdirSync(folder).toSorted()).toEqual(["run", "tiny.toml"]);
    expect(readdirSync(run)).not.toContain("lock.json");
  });
});

describe("a run that is going on", () => {
  it("is refused by --resume, which continues it once its process is dead", async () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    const run = join(folder, "run");
    const args = ["train", recipe, ...LONG, "--out", run];
    const child = spawn(process.execPath, [CLI, ...args], { stdio: "ignore" });
    while (!existsSync(join(run, "teacher/metrics.jsonl"))) await sleep(20);
    child.kill("SIGSTOP"); // alive, but it cannot end before the test has looked at it
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
    expect((await deitHere(...args, "--resume")).status).toBe(0);
    expect(readdirSync(run)).not.toContain("lock.json");
  });
});

describe("deit train refuses", () => {
  /** The one line of a command that must fail and leave the folder as it is. */
  async function refused(folder: string, args: readonly string[]): Promise<string> {
    const before = filesIn(folder);
    const { status, stdout, stderr } = await deitIn(folder, "train", ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^deit train: [^\n]+\n$/);
    expect(filesIn(folder)).toEqual(before);
    return stderr;
  }

  it("a folder that exists, without --resume", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "runs/tiny-3"), { recursive: true });
    expect(await refused(folder, [tinyRecipe(folder)])).toContain(
      "runs/tiny-3 exists: --resume continues the run in it, --out DIR starts one elsewhere",
    );
  });

  it("to resume in a folder of other things", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "runs/tiny-3"), { recursive: true });
    writeFileSync(join(folder, "runs/tiny-3/thesis.tex"), "");
    expect(await refused(folder, [tinyRecipe(folder), "--resume"])).toContain(
      "runs/tiny-3 is no run's folder: it has no recipe.toml, but thesis.tex; choose another folder",
    );
  });

  it.each(["-1", "often", "1e3", ""])("--checkpoint-minutes %j", async (minutes) => {
    const folder = temporaryFolder();
    expect(await refused(folder, [tinyRecipe(folder), `--checkpoint-minutes=${minutes}`])).toMatch(
      /--checkpoint-minutes <m>.* It must be a number of at least 0/,
    );
  });

  it("to resume with another recipe", async () => {
    expect(await refused(finished, ["tiny.toml", "--resume", "--set", "training.batch=2"])).toContain(
      "the run in runs/tiny-3 has training.batch = 3, not 2",
    );
  });

  it("to resume a plain run as a distilled one, but ignores changes to a teacher that the student does not learn from", async () => {
    const folder = temporaryFolder();
    const plain = [tinyRecipe(folder), ...set("model.distilled=false", "distillation.kind=none")];
    const changed = [...plain, "--set", "teacher.training.epochs=3"];
    expect((await deitIn(folder, "train", ...changed)).status).toBe(0);
    expect((await deitIn(folder, "train", ...changed, "--resume")).status).toBe(0);
    expect(
      await refused(folder, [...plain, "--set", "distillation.kind=two-class-tokens", "--set", "model.distilled=true", "--resume"]),
    ).toContain(
      'the run in runs/tiny-3 has model.distilled = false, not true; distillation.kind = "none", not "two-class-tokens"; another --out',
    );
  });

  it("to resume if all checkpoints are broken", async () => {
    const folder = copyOfFinished();
    const checkpoints = join(folder, "runs/tiny-3/checkpoints");
    for (const step of readdirSync(checkpoints)) {
      const checkpoint = join(checkpoints, step, "state.safetensors");
      const bytes = readFileSync(checkpoint);
      writeFileSync(checkpoint, bytes.fill(0, bytes.length - 8));
    }
    expect(await refused(folder, ["tiny.toml", ...CHANGE, "--resume"])).toMatch(/checkpoint: .*state\.safetensors: SHA-256 must be/);
  });

  it("a batch that does not fit the engine's memory, and names batches that do", async () => {
    const folder = temporaryFolder();
    const large = set("model.width=128", "model.image_size=64", "training.batch=1000", "data.train=synthetic:1000");
    expect(await refused(folder, [tinyRecipe(folder), ...large])).toMatch(
      / a batch of 1000 needs .*; a batch of \d+ would fit, a batch of \d+ would fit with --memory low\n$/,
    );
    expect(await refused(folder, [tinyRecipe(folder), ...large, "--memory", "low"])).toMatch(/ MB; a batch of \d+ would fit\n$/);
  });

  it.each(["training.batch", "teacher.training.batch"])("a %s with more images than the data set has", async (key) => {
    const folder = temporaryFolder();
    expect(await refused(folder, [tinyRecipe(folder), "--set", `${key}=2000`])).toContain(
      "data: synthetic:13 has 13 images, too few for a batch of 2000; the largest batch is 13",
    );
  });

  it("a batch that is too small for the teacher's batch statistics", async () => {
    const folder = temporaryFolder();
    expect(await refused(folder, [tinyRecipe(folder), "--set", "teacher.training.batch=1"])).toContain(
      "batchNorm: training needs at least 2 values per channel (batch × rows × columns), got 1",
    );
  });

  it("a folder that cannot be made", async () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe(folder);
    expect(await refused(folder, [recipe, "--out", join(recipe, "run")])).toContain(
      `run cannot be made: ${recipe} is a file, not a folder`,
    );
  });

  it("data that does not fit the model", async () => {
    const folder = temporaryFolder();
    expect(await refused(folder, [tinyRecipe(folder), "--set", "data.train=digits:train"])).toContain(
      "digits: the image size must be a multiple of 8, got 4",
    );
  });
});
