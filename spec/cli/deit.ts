/** Runs the built command line, as a user does. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const CLI: string = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

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

/** The JSON on stdout of a command that must have ended well. */
export function json(args: readonly string[], cwd?: string): unknown {
  const { stdout, stderr } = deit([...args, "--json"], cwd);
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`no JSON object on stdout but ${JSON.stringify(stdout)}; stderr: ${stderr}`);
  return JSON.parse(stdout);
}
