/** The results of runs and measurements, kept beside the runs, so that a command that was stopped does not repeat what is done. */
import { existsSync, readFileSync } from "node:fs";
import { writeDurably } from "../../io/disk/durable.ts";
import { version } from "../version.ts";

const fileOf = (path: string): string => `${path}.json`;

/** What a result is of: it holds for no other command, and for no other version of this program. */
const sourceOf = (command: readonly string[]): string => JSON.stringify({ command, version: version() });

/** The result of this command; null: none is kept. */
export function keptResult(path: string, command: readonly string[]): unknown {
  const file = fileOf(path);
  if (!existsSync(file)) return null;
  const { of, result } = Object(JSON.parse(readFileSync(file, "utf8")));
  return of === sourceOf(command) ? result : null;
}

export const keepResult = (path: string, command: readonly string[], result: unknown): Promise<void> =>
  writeDurably(fileOf(path), `${JSON.stringify({ of: sourceOf(command), result }, null, 2)}\n`);
