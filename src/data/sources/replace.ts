/** What happens to images that cannot be decoded: others of the set stand in for them, and a set with too many of them is refused. */
import { fold, uniform53At, type Key } from "../../tensor/key.ts";

/**
 * The sample that stands in for a corrupt one: uniform over the others, and a function of the arguments only, so that neither the order of
 * reading nor the number of workers matters. If it is corrupt too, the next attempt gives another.
 *
 * @param attempt 0, 1, 2, …
 * @throws RangeError if the set has no other sample
 */
export function replacementOf(key: Key, sample: number, attempt: number, count: number): number {
  if (count < 2) throw new RangeError(`data: sample ${sample} cannot be replaced: the set has ${count} images`);
  const other = Math.floor(uniform53At(fold(fold(key, "replace"), sample), attempt) * (count - 1));
  return other < sample ? other : other + 1;
}

/** A sample that cannot be decoded. */
export interface CorruptSample {
  readonly sample: number;
  /** The message of its ImageError, which names it. */
  readonly message: string;
}

/** The distinct corrupt samples of a set. */
export interface CorruptTally {
  /**
   * Notes corrupt samples; one that is noted already counts once.
   *
   * @throws RangeError, one line, if they are more than 1 % of the set; it names the first ten
   */
  readonly add: (found: readonly CorruptSample[]) => void;
  /** All that were noted, in the order of the set. */
  readonly samples: () => readonly CorruptSample[];
}

/** The largest share of a set that may be corrupt, in percent; so a set of less than 100 images may have no corrupt one. */
const MOST_CORRUPT = 1;
/** Corrupt samples that an error names. */
const NAMED = 10;

/** An empty tally of a set of `count` images. */
export function corruptTally(count: number): CorruptTally {
  const found = new Map<number, string>();
  const samples = (): readonly CorruptSample[] =>
    [...found].map(([sample, message]) => ({ sample, message })).toSorted((a, b) => a.sample - b.sample);
  const add = (more: readonly CorruptSample[]): void => {
    for (const { sample, message } of more) found.set(sample, message);
    if (100 * found.size <= MOST_CORRUPT * count) return;
    const named = samples()
      .slice(0, NAMED)
      .map(({ message }) => message);
    const rest = found.size > NAMED ? [`and ${found.size - NAMED} more`] : [];
    const [are, limit] = [found.size === 1 ? "is" : "are", `more than ${MOST_CORRUPT} %`];
    throw new RangeError(`data: ${found.size} of ${count} images ${are} corrupt, ${limit}: ${[...named, ...rest].join("; ")}`);
  };
  return { add, samples };
}
