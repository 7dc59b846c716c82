/** The options of a run that a spec starts: from the beginning, in the calling thread, saying nothing. */
import type { RunOptions } from "../../src/train/run/run.ts";

export const quietRun = (directory: string, changes: Partial<RunOptions> = {}): RunOptions => ({
  directory,
  resume: false,
  recipeText: "",
  checkpointEvery: null,
  checkpointMinutes: 0,
  measureEvery: 1,
  onProgress: null,
  onView: null,
  stop: null,
  ranks: null,
  reference: null,
  memory: "normal",
  workers: 0,
  onNotice: () => undefined,
  ...changes,
});
