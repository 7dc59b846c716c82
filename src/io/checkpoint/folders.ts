/** The folders of checkpoints: `step-00001234`, and `step-00001234.partial` while it is being written. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

const NAME = /^step-(\d{8,})$/;
const DIGITS = 8;
const PARTIAL = ".partial";

/** The name of the folder of a step. */
export const nameOf = (step: number): string => `step-${String(step).padStart(DIGITS, "0")}`;

/** The name under which it is written. */
export const partialName = (step: number): string => `${nameOf(step)}${PARTIAL}`;

/** The steps of the complete checkpoints in a folder, which is made if need be; the newest first. */
export async function stepsIn(directory: string): Promise<readonly number[]> {
  await mkdir(directory, { recursive: true });
  const steps = (await readdir(directory)).map((name) => Number(NAME.exec(name)?.[1] ?? NaN));
  return steps.filter(Number.isSafeInteger).toSorted((a, b) => b - a);
}

/** Removes the checkpoints of these steps. */
export async function removeSteps(directory: string, steps: readonly number[]): Promise<void> {
  for (const step of steps) await rm(join(directory, nameOf(step)), { recursive: true, force: true });
}

/** Removes what a process that was killed had not finished. */
export async function removePartial(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.endsWith(PARTIAL) && NAME.test(name.slice(0, -PARTIAL.length)))
      await rm(join(directory, name), { recursive: true, force: true });
}
