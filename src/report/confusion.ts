/** Counts which classes a model takes for which others. */

/** An image's class, and the class that the model decided for. */
export interface Judged {
  readonly label: number;
  readonly decision: number;
}

/** An entry of the confusion matrix. */
export interface Confusion {
  readonly label: number;
  readonly decision: number;
  /** How many images of class `label` were taken for `decision`. */
  readonly count: number;
  /** `count` as a share of the images of class `label`. */
  readonly share: number;
}

/** The entries of the confusion matrix that are not 0, row by row. */
export function confusions(judged: readonly Judged[]): readonly Confusion[] {
  const counts = new Map<number, Map<number, number>>();
  for (const { label, decision } of judged) {
    const row = counts.get(label) ?? new Map<number, number>();
    counts.set(label, row.set(decision, 1 + (row.get(decision) ?? 0)));
  }
  const ascending = <T>(map: ReadonlyMap<number, T>): readonly (readonly [number, T])[] => [...map].toSorted(([a], [b]) => a - b);
  return ascending(counts).flatMap(([label, row]) => {
    const images = [...row.values()].reduce((sum, count) => sum + count, 0);
    return ascending(row).map(([decision, count]) => ({ label, decision, count, share: count / images }));
  });
}

/** The most frequent mistakes, the most frequent first. */
export const mostConfused = (entries: readonly Confusion[], most: number): readonly Confusion[] =>
  entries
    .filter(({ label, decision }) => label !== decision)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, most);
