/** The results of runs and measurements, kept beside the runs, so that a command that was stopped does not repeat what is done. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../io/disk/digest.ts";
import { writeDurably } from "../../io/disk/durable.ts";
import { version } from "../version.ts";

/** What a result is of. */
export interface Origin {
  readonly command: readonly string[];
  /** The folders of the runs that it needs, and of its own. */
  readonly runs: readonly string[];
}

const fileOf = (path: string): string => `${path}.json`;

/** The digest of a run's weights; null: it has not ended. */
function weightsOf(run: string): string | null {
  const path = join(run, "weights.safetensors");
  return existsSync(path) ? digestOf(readFileSync(path)) : null;
}

/** A result holds for this command, this version of the program and these weights alone. null: a run has not ended, so there can be no result. */
function sourceOf({ command, runs }: Origin): string | null {
  const weights = runs.map(weightsOf);
  return weights.includes(null) ? null : JSON.stringify({ command, version: version(), weights });
}

/** The result of this origin; null: none is kept. */
export function keptResult(path: string, origin: Origin): unknown {
  const file = fileOf(path);
  const source = existsSync(file) ? sourceOf(origin) : null;
  if (source === null) return null;
  const { of, result } = Object(JSON.parse(readFileSync(file, "utf8")));
  return of === source ? result : null;
}

export const keepResult = (path: string, origin: Origin, result: unknown): Promise<void> =>
  writeDurably(fileOf(path), `${JSON.stringify({ of: sourceOf(origin), result }, null, 2)}\n`);
