/** Runs the built command line in a separate process, as a user does. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const CLI: string = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

/** The outcome of a command. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function deit(args: readonly string[], cwd?: string): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: "utf8",
    ...(cwd === undefined ? {} : { cwd }),
  });
  return { status, stdout, stderr };
}

/** The one JSON object on stdout. */
export function jsonOf({ stdout, stderr }: Ran): unknown {
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`no JSON object on stdout but ${JSON.stringify(stdout)}; stderr: ${stderr}`);
  return JSON.parse(stdout);
}

/** The JSON that a command prints with --json, which must succeed. */
export const json = (args: readonly string[], cwd?: string): unknown => jsonOf(deit([...args, "--json"], cwd));

/** Starts a command, sends it a signal once a file exists, and waits for it to end. */
export async function stoppedOnceThereIs(
  path: string,
  args: readonly string[],
  cwd: string,
  signal: NodeJS.Signals = "SIGINT",
): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const printed = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  while (!existsSync(path) && child.exitCode === null) await sleep(20);
  child.kill(signal);
  const [stdout, stderr, [status]] = await printed;
  return { status, stdout, stderr };
}
