/** A table or figure of the paper in miniature: what is trained, what is read from the runs, and what the paper claims of it. Plain data. */
import type { HeadName } from "../train/evaluation/evaluate.ts";

/** Runs that differ from those of other arms by their recipe, seed by seed. */
export interface Arm {
  /** Part of the names of its folders. */
  readonly name: string;
  /** Changes to the recipe of all arms, as `--set` has them. */
  readonly set: readonly string[];
  /** The arm in whose runs the teacher is trained, from whose folder this arm takes it; null: its own runs train it, or have none. */
  readonly teacherOf: string | null;
}

/** A number of each run of an arm: top-1 on the test images. */
export interface Quantity {
  readonly name: string;
  /** The arm's name. */
  readonly arm: string;
  /** Whose decision it is: one of the student's, or the teacher's. */
  readonly by: HeadName | "teacher";
  /** The paper's number in percent; null: it gives none. */
  readonly paper: number | null;
}

/** What the paper says about the difference of two quantities. */
export interface Claim {
  readonly text: string;
  /** The names of the quantities whose difference it is: the first minus the second. */
  readonly of: readonly [more: string, less: string];
  /** `more`: the difference is above 0, in the paper by `effect` points. `equal`: it is within ± `within` points. */
  readonly says: { readonly kind: "more"; readonly effect: number } | { readonly kind: "equal"; readonly within: number };
}

/** The images that experiments are made for. */
export const dataNames = ["digits"] as const;
/** One of `dataNames`. */
export type DataName = (typeof dataNames)[number];

/** How an experiment is carried out on a data set. */
export interface Setting {
  /** The bundled recipe that the arms change. */
  readonly recipe: string;
  /** Seeds that are enough to decide what can be decided. */
  readonly seeds: number;
  /** The standard deviation of a paired difference, in points, that is expected beforehand: the power follows from it. */
  readonly deviation: number;
  /** Where that expectation comes from. */
  readonly because: string;
  /** About how long all of it takes on two cores, in minutes. */
  readonly minutes: number;
}

export interface Experiment {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** The table or figure of the paper. */
  readonly source: string;
  /** The model and training that the paper's numbers are of. */
  readonly paper: string;
  readonly arms: readonly Arm[];
  readonly quantities: readonly Quantity[];
  readonly claims: readonly Claim[];
  readonly settings: { readonly [D in DataName]?: Setting };
}
