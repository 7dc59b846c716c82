/** Opens data sets by the names that recipes and commands give. */
import type { Dataset } from "./dataset.ts";
import { digits } from "./digits.ts";
import { synthetic } from "./synthetic.ts";

/** The images and labels that a model expects. */
export interface DataShape {
  /** C */
  readonly channels: number;
  /** S, in pixels. */
  readonly side: number;
  /** K */
  readonly classes: number;
}

/** The names that `openDataset` knows; the default split is `test`. */
export const knownData: readonly string[] = ["digits[:train|test]", "synthetic:N"];

const NAMES = ["digits", "synthetic"];

/** Whether this is the name of a data set, not a path. */
export const isNamed = (text: string): boolean => NAMES.includes(text.split(":", 1)[0] ?? "");

/** The error for an unknown data set. */
export const unknownData = (text: string, known: readonly string[]): RangeError =>
  new RangeError(`data: unknown data set "${text}"; known: ${known.join(", ")}`);

function bySize(text: string, shape: DataShape): Dataset {
  const count = Number(text);
  if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`data: synthetic:N needs a positive integer N, got "${text}"`);
  return synthetic({ ...shape, count });
}

function bySplit(split: string, shape: DataShape): Dataset {
  if (split !== "train" && split !== "test") throw new RangeError(`data: digits has the splits train and test, got "${split}"`);
  return digits(split, shape.side);
}

/** Opens `NAME` or `NAME:DETAIL`. */
function byName(text: string, shape: DataShape): Dataset {
  const colon = text.indexOf(":");
  const [name, detail] = colon < 0 ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
  if (name === "digits") return bySplit(detail ?? "test", shape);
  if (name === "synthetic") return bySize(detail ?? "", shape);
  throw unknownData(text, knownData);
}

/**
 * Opens a data set, with images of the model's size.
 *
 * @throws RangeError for an unknown name, or data that does not fit the model
 */
export function openDataset(text: string, shape: DataShape): Dataset {
  const dataset = byName(text, shape);
  const { channels, classes } = dataset;
  if (channels !== shape.channels)
    throw new RangeError(`data: ${text} has images of ${channels} channels, the model takes ${shape.channels}`);
  if (classes.length !== shape.classes) throw new RangeError(`data: ${text} has ${classes.length} classes, the model has ${shape.classes}`);
  return dataset;
}
