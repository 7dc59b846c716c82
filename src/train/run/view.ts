/** What a run shows of itself while it goes on. Types only. */
import type { Deit } from "../evaluation/evaluate.ts";

/** A part of a run; a teacher's is `teacher`, `teacher.1` or, in a run of its own, `teacher/student`. */
export type Stage = `teacher${string}` | "student";

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
