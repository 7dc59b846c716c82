/** Runs of the tiny recipe in processes that are killed. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { compileInto } from "../helpers/javascript.ts";
import { metricsText } from "../helpers/metrics.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** Compiles `child.ts`, so that it starts quickly. Returns its path. */
export function compiledChild(): string {
  const code = temporaryFolder();
  compileInto(code, "spec/train", "src");
  for (const name of ["node_modules", "dist"]) symlinkSync(join(import.meta.dirname, "../..", name), join(code, name)); // packages, and the programs of threads
  return join(code, "spec/train/child.js");
}

/** When a process is killed: after so many steps, once a checkpoint is being written, or after some time; then `delay` ms later. */
export type Moment = ({ readonly steps: number } | { readonly saving: true } | { readonly started: true }) & { readonly delay: number };

const checkpointsOf = (folder: string): readonly string[] =>
  [join(folder, "teacher", "checkpoints"), join(folder, "checkpoints")].flatMap((path) => (existsSync(path) ? readdirSync(path) : []));

/** Whether a checkpoint is being written, or was as the process was killed. */
export const isSaving = (folder: string): boolean => checkpointsOf(folder).some((name) => name.endsWith(".partial"));

/** How often a folder is looked into, in ms. */
const LOOK_MS = 1;

/** Starts or resumes the run in `folder`, and kills its process (SIGKILL) at this moment. Returns whether it was killed before it ended. */
export async function killedAt(child: string, folder: string, epochs: number, moment: Moment): Promise<boolean> {
  const running = spawn(process.execPath, [child, folder, `${epochs}`], { stdio: ["ignore", "pipe", "inherit"] });
  let lines = 0;
  const kill = (): void => void setTimeout(() => running.kill("SIGKILL"), moment.delay);
  const look = (): void => {
    if (lines === 0 || !isSaving(folder)) return;
    clearInterval(looking);
    kill();
  };
  const looking = "saving" in moment ? setInterval(look, LOOK_MS) : undefined;
  const closed = new Promise<boolean>((resolve, reject) => {
    running.on("error", reject);
    running.on("close", (code, signal) => {
      clearInterval(looking);
      if (signal === null && code !== 0) reject(new Error(`the child ended with ${code}`));
      else resolve(signal !== null);
    });
  });
  running.stdout.setEncoding("utf8").on("data", (text: string) => {
    const before = lines;
    lines += text.split("\n").length - 1;
    if ("steps" in moment && before < moment.steps && lines >= moment.steps) kill();
  });
  if ("started" in moment) kill();
  return closed;
}

/** What a run has made of teacher and student. */
export const resultsOf = (folder: string): readonly (Buffer | string)[] =>
  [folder, join(folder, "teacher")].flatMap((of) => [
    readFileSync(join(of, "weights.safetensors")),
    metricsText(join(of, "metrics.jsonl")),
  ]);
