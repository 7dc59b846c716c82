/** Checkpoints in memory, thinned as they become many, so that a training can return to any step: from the last one before it, step by step. */
import type { Checkpoint } from "#deit/index.js";

/** Checkpoints in the order of their steps; the first is that of step 0. */
export type History = readonly Checkpoint[];

/** The most that are kept. */
const MOST = 24;

/** The history with one more. If they are too many, every second of those between the first and the last is dropped. */
export function withCheckpoint(history: History, checkpoint: Checkpoint): History {
  const all = [...history.filter(({ step }) => step < checkpoint.step), checkpoint];
  return all.length <= MOST ? all : all.filter((_, i) => i % 2 === 0 || i === all.length - 1);
}

/** What remains after a return to a step. */
export const upTo = (history: History, step: number): History => history.filter((checkpoint) => checkpoint.step <= step);

/** The last checkpoint at or before a step. */
export const nearest = (history: History, step: number): Checkpoint | null => upTo(history, step).at(-1) ?? null;
