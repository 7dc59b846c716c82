/** Training that survives device losses and killed processes is bitwise identical to uninterrupted training. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, it, vi } from "vitest";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Recipe } from "../../src/train/run/recipe.ts";
import { runRecipe, type RunOptions, type StageProgress } from "../../src/train/run/run.ts";
import { runThroughDeviceLosses } from "../../src/train/run/runThroughDeviceLosses.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { CLI, deit } from "../cli/deit.ts";
import { tinyRecipe } from "../cli/tiny.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { metricsText } from "../helpers/metrics.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { tiny } from "../train/tiny.ts";
import { quietRun } from "../train/quietRun.ts";

const LONG = process.env["DEIT_LONG"] === "1";
const KILLS = LONG ? 20 : 1;
/** Steps after which a device is destroyed. */
const DEVICE_LOSSES: readonly string[] = LONG
  ? [...Array.from({ length: 6 }, (_, i) => `teacher ${i + 1}`), ...Array.from({ length: 44 }, (_, i) => `student ${i + 1}`)]
  : ["teacher 3", "student 7"];
const recipe: Recipe = { ...tiny, training: { ...tiny.training, schedule: { ...tiny.training.schedule, epochs: LONG ? 16 : 4 } } };

const options = (directory: string, onProgress: RunOptions["onProgress"] = null): RunOptions =>
  quietRun(directory, { checkpointEvery: 2, onProgress });

/** Timeout in ms: seconds on an idle machine, and minutes for many failures. */
const LONG_TIMEOUT = { timeout: LONG ? 900_000 : 120_000 };

const newFolder = (): string => join(temporaryFolder(), "run");

const filesOf = (run: string): readonly (Buffer | string)[] =>
  [run, join(run, "teacher")].flatMap((of) => [readFileSync(join(of, "weights.safetensors")), metricsText(join(of, "metrics.jsonl"))]);

/** Runs a recipe, and destroys the device after each step for which `loses` is true. Returns the number of device losses. */
async function runLosing(directory: string, loses: (step: string, deviceLosses: number) => boolean): Promise<number> {
  const devices: GPUDevice[] = [];
  const newEngine = async (): Promise<Engine> => {
    const device = await gpuDevice();
    devices.push(device);
    return webgpuEngine({ device });
  };
  const onProgress = ({ stage, step }: StageProgress): void => {
    if (loses(`${stage} ${step}`, devices.length - 1)) devices.at(-1)?.destroy();
  };
  const { engine } = await runThroughDeviceLosses(newEngine, recipe, options(directory, onProgress), () => undefined);
  engine.close();
  return devices.length - 1;
}

onGpu("a run with device losses", () => {
  it("ends with the same weights and metrics, byte for byte, as an uninterrupted run", LONG_TIMEOUT, async () => {
    const [whole, pieces] = [newFolder(), newFolder()];
    const engine = webgpuEngine({ device: await gpuDevice() });
    await runRecipe(engine, recipe, options(whole));
    engine.close();
    expect(await runLosing(pieces, (step, deviceLosses) => step === DEVICE_LOSSES[deviceLosses])).toBe(DEVICE_LOSSES.length);
    expect(filesOf(pieces)).toEqual(filesOf(whole));
  });
});

/** The process that a supervisor has started and watches. */
function childOf(supervisor: number): number | null {
  const [child] = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, "utf8").trim().split(" ");
  return child === undefined || child === "" ? null : Number(child);
}

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : []);

/** The newest checkpoint of teacher and student, by name; "" before the first. */
const newest = (run: string): string =>
  ["teacher/checkpoints", "checkpoints"].map((name) => namesIn(join(run, name)).findLast((one) => /^step-\d+$/.test(one)) ?? "").join("");

interface Killed {
  readonly kills: number;
  readonly status: unknown;
  /** The lines on stderr that report failures. */
  readonly failures: readonly string[];
}

/** Runs `deit train` with these arguments, and kills its process (SIGKILL) soon after each new checkpoint, at most `most` times. */
async function trainedKilled(args: readonly string[], run: string, most: number): Promise<Killed> {
  const supervisor = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const messages = text(supervisor.stderr);
  let kills = 0;
  let [seen, killed] = [newest(run), 0];
  const watch = setInterval(() => {
    const now = newest(run);
    if (now === seen || kills === most) return;
    const child = childOf(supervisor.pid ?? 0);
    if (child === null || child === killed) return;
    [seen, killed] = [now, child];
    kills++;
    setTimeout(() => process.kill(child, "SIGKILL"), kills % 5); // at various times within a checkpoint and between checkpoints
  }, 1);
  const [status]: unknown[] = await once(supervisor, "close");
  clearInterval(watch);
  return { kills, status, failures: (await messages).split("\n").filter((line) => line.startsWith("deit ")) };
}

/** Starts `deit train` of the tiny recipe with many epochs; resolves when it has made its first checkpoint. */
async function begun(run: string, recipe: string): Promise<ChildProcess> {
  const supervisor = spawn(process.execPath, [CLI, "train", recipe, "--engine", "webgpu", "--set", "training.epochs=500", "--out", run], {
    stdio: "ignore",
  });
  await vi.waitUntil(() => newest(run) !== "", LONG_TIMEOUT);
  return supervisor;
}

onGpu("a run whose processes are killed", () => {
  it("ends with the same weights and metrics, byte for byte, as an uninterrupted run", LONG_TIMEOUT, async () => {
    const folder = temporaryFolder();
    const [whole, pieces] = [join(folder, "whole"), join(folder, "pieces")];
    const args = ["train", tinyRecipe(folder), "--engine", "webgpu", "--adapter", "swiftshader", "--set", `training.epochs=${KILLS + 4}`];
    expect(deit([...args, "--out", whole])).toMatchObject({ status: 0 });
    expect(await trainedKilled([...args, "--out", pieces], pieces, KILLS)).toEqual({
      kills: KILLS,
      status: 0,
      failures: Array.from({ length: KILLS }, () => "deit train: its process was ended by SIGKILL; it continues from its last checkpoint"),
    });
    expect(filesOf(pieces)).toEqual(filesOf(whole));
  });

  it("saves and ends when its supervisor is interrupted", async () => {
    const folder = temporaryFolder();
    const supervisor = await begun(join(folder, "run"), tinyRecipe(folder));
    supervisor.kill("SIGINT");
    expect(await once(supervisor, "close")).toEqual([130, null]);
  });

  it("ends with its supervisor", async () => {
    const folder = temporaryFolder();
    const supervisor = await begun(join(folder, "run"), tinyRecipe(folder));
    const child = childOf(supervisor.pid ?? 0);
    supervisor.kill("SIGKILL");
    expect(await vi.waitUntil(() => !existsSync(`/proc/${child}/cmdline`), LONG_TIMEOUT)).toBe(true);
  });
});
