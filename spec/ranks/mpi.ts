/** The MPI launchers of this machine, for specs that start real ranks. */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { temporaryFolder } from "../helpers/temporary.ts";

/** A launcher. */
export interface Mpirun {
  readonly name: "Open MPI" | "MPICH";
  readonly command: string;
  readonly args: readonly string[];
}

/** Open MPI refuses, without being told twice, to run as root, and to start more processes than there are cores. */
const OPEN_MPI = ["--allow-run-as-root", "--oversubscribe"];

function mpirunNamed(command: string): Mpirun | null {
  const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
  if (status !== 0) return null;
  if (/Open MPI|OpenRTE/.test(stdout)) return { name: "Open MPI", command, args: OPEN_MPI };
  return /HYDRA/.test(stdout) ? { name: "MPICH", command, args: [] } : null;
}

const found = ["mpirun.openmpi", "mpirun.mpich", "mpirun", "mpiexec.hydra"].flatMap((command) => mpirunNamed(command) ?? []);

/** Of each kind the first that is installed. */
export const mpiruns: readonly Mpirun[] = found.filter(({ name }, i) => found.findIndex((one) => one.name === name) === i);

/** Stands for a launcher in the titles of skipped specs. */
const none: Mpirun = { name: "Open MPI", command: "mpirun", args: [] };
const suites =
  mpiruns.length === 0
    ? [{ mpirun: none, title: ", skipped: no mpirun" }]
    : mpiruns.map((mpirun) => ({ mpirun, title: ` under ${mpirun.name}` }));

/** A suite for each launcher; skipped, with the reason in its title, where there is none. */
export function withMpi(what: string, suite: (mpirun: Mpirun) => void): void {
  for (const { mpirun, title } of suites)
    describe.skipIf(mpirun === none)(`${what}${title}`, () => {
      suite(mpirun);
    });
}

/** How a job ended. */
export interface Job {
  readonly status: number | null;
  /** What the launcher and the ranks have printed. */
  readonly text: string;
  /** What each rank has told, as JSON, in no order. */
  readonly told: readonly string[];
  readonly seconds: number;
}

const CHILD = fileURLToPath(new URL("child.mjs", import.meta.url));

/** Runs child.mjs with these arguments in so many processes. */
export async function run(
  { command, args }: Mpirun,
  count: number,
  child: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Job> {
  const begun = performance.now();
  const folder = temporaryFolder();
  const env = { ...process.env, ...variables };
  const job = spawn(command, [...args, "-n", `${count}`, process.execPath, CHILD, folder, ...child], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [job.stdout, job.stderr]) stream.setEncoding("utf8").on("data", (part: string) => void (text += part));
  const status = await new Promise<number | null>((resolve, reject) => {
    job.once("error", reject);
    job.once("close", resolve);
  });
  const told = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  return { status, text, told, seconds: (performance.now() - begun) / 1000 };
}
