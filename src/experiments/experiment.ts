/** A table or figure of the paper in miniature: what is trained and measured, what is read from it, and what the paper claims of it. Plain data. */
import type { Unit } from "./units.ts";

/**
 * A training with a recipe, for each seed. Its result is the JSON of `deit train`.
 *
 * In its changes, and in the words of a measurement, `{data}` stands for the images that the command was given, and `{token}` for the folder of the run of the
 * arm `token` with the same seed, which is trained before.
 */
export interface Arm {
  /** Part of the names of its folders. Arms of one name are the same in all experiments, which share their runs. */
  readonly name: string;
  /** Changes to the recipe of all arms, as `--set` has them. */
  readonly set: readonly string[];
}

/** Another command of this program, for each seed. Its result is the JSON that it prints. */
export interface Measurement {
  /** Part of the names of its files, as an arm's. */
  readonly name: string;
  /** The words of its command line. */
  readonly command: readonly string[];
}

/** A number of each result. */
export interface Quantity {
  readonly name: string;
  /** The arm or the measurement in whose result it stands. */
  readonly of: string;
  /** Where it stands there: `student.mean.top1`, `cosines.blocks.3`. */
  readonly value: string;
  readonly unit: Unit;
  /** The paper's number, in this unit; null: it gives none. */
  readonly paper: number | null;
}

/** What the paper says about a difference: the sum of some quantities of one unit minus the sum of others. Speeds are compared by their ratios. */
export interface Claim {
  readonly text: string;
  /** The names of the quantities that are added, and of those that are subtracted. */
  readonly of: readonly [more: readonly string[], less: readonly string[]];
  /** `more`: the difference is above 0, in the paper by `effect`. `equal`: it is within ± `within`. Both in the differences of the unit. */
  readonly says: { readonly kind: "more"; readonly effect: number } | { readonly kind: "equal"; readonly within: number };
  /** The standard deviation over seeds that is expected beforehand; null: that of the setting, which is for two terms, and grows as their root. */
  readonly deviation: number | null;
}

/** A number, or the mean of the quantity of this name. */
export type Coordinate = number | string;

/** A line of a figure, or points without a line. */
export interface Line {
  readonly name: string;
  /** Whose numbers: measured here, or quoted. */
  readonly from: "ours" | "paper";
  readonly points: readonly { readonly x: Coordinate; readonly y: Coordinate; readonly label: string | null }[];
  readonly joined: boolean;
}

/** An axis of a figure. */
export interface Axis {
  readonly label: string;
  readonly scale: "linear" | "log";
}

export interface Figure {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

/** The images that experiments are made for; `synthetic`: speeds, which do not depend on what an image shows. */
export const dataNames = ["digits", "cifar10", "synthetic"] as const;
/** One of `dataNames`. */
export type DataName = (typeof dataNames)[number];

/** How an experiment is carried out on a data set. */
export interface Setting {
  /** The bundled recipe that the arms change; null: there are no arms. */
  readonly recipe: string | null;
  /** Seeds that are enough to decide what can be decided. */
  readonly seeds: number;
  /** The standard deviation over seeds of the difference of two quantities that is expected beforehand: the power follows from it. */
  readonly deviation: number;
  /** Where that expectation comes from. */
  readonly because: string;
  /** About how long all of it takes on two cores, in minutes, where no other experiment has trained a part of it. */
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
  readonly measurements: readonly Measurement[];
  /** Whether nothing else may go on beside a measurement: speeds. */
  readonly alone: boolean;
  readonly quantities: readonly Quantity[];
  readonly claims: readonly Claim[];
  readonly figures: readonly Figure[];
  readonly settings: { readonly [D in DataName]?: Setting };
}
