/** What the results of an experiment were measured on. */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { thisCommand } from "../processes/commandLine.ts";
import { version } from "../version.ts";

/** The commit of the source that runs; null: it is no checkout. */
function commit(): string | null {
  const { status, stdout } = spawnSync("git", ["-C", import.meta.dirname, "rev-parse", "HEAD"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/** The processor of this machine. */
export function processor(): string {
  const cores = cpus();
  return `${cores[0]?.model.trim() ?? "unknown"}, ${cores.length} logical cores`;
}

export interface Environment {
  readonly command: string;
  readonly machine: string;
  readonly date: string;
  readonly version: string;
  readonly commit: string | null;
}

export function environment(): Environment {
  return {
    command: thisCommand(),
    machine: `${processor()}, Node ${process.version}`,
    date: new Date().toISOString(),
    version: version(),
    commit: commit(),
  };
}
