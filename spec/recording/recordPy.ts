/** Runs of fixtures/record.py, many in one Python process. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PYTHON = process.env["PYTHON"] ?? "python3";

export const fixture = (path: string): string => fileURLToPath(new URL(`../../fixtures/${path}`, import.meta.url));

/** Skips a test where record.py cannot be run. */
export function skipWithoutTorch(context: { readonly skip: (why: string) => never }): void {
  if (spawnSync(PYTHON, ["-c", "import torch, numpy"]).status !== 0) context.skip(`${PYTHON} has no torch`);
}

/** Python's exit status and what it says, of one program under fixtures. */
export const python = (program: string, args: readonly string[], input = ""): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(PYTHON, ["-B", fixture(program), ...args], { encoding: "utf8", input, maxBuffer: 2 ** 28 });

export interface Case {
  readonly args: readonly string[];
  /** Files of the folder in which it runs, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Modules that cannot be imported. */
  readonly without?: readonly string[];
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes of a file of the case's folder; null: there is none. */
  readonly bytes: (name: string) => Uint8Array | null;
}

/** Each case in a new folder of its own. */
export function recordEach(folder: string, cases: readonly Case[]): readonly Outcome[] {
  const { status, stdout, stderr } = python("recorded/each.py", [folder], JSON.stringify(cases));
  if (status !== 0) throw new Error(stderr);
  const outcomes: readonly Omit<Outcome, "bytes">[] = JSON.parse(stdout);
  return outcomes.map((outcome, i) => ({
    ...outcome,
    bytes: (name) => (existsSync(join(folder, `${i}`, name)) ? readFileSync(join(folder, `${i}`, name)) : null),
  }));
}
