/** What a run shows of itself while it goes on. Types only. */
import type { Deit } from "../evaluation/evaluate.ts";

/** A part of a run. */
export type Stage = "teacher" | "student";

/** A run at the end of an epoch. */
export interface RunView {
  readonly stage: Stage;
  /** Steps done in this stage, … */
  readonly step: number;
  /** … of so many. */
  readonly steps: number;
  /** The student as it is, which stays the run's; null: the teacher is being trained. */
  readonly student: Deit | null;
}
