/** The smallest part of a batch that shows a failure, found by halving. */

/** Images first … end − 1 of a batch. */
export interface Part {
  readonly first: number;
  readonly end: number;
}

/**
 * Halves the batch as long as one of the halves fails by itself.
 *
 * @param fails whether these images fail by themselves
 * @returns null: not even the whole batch fails
 */
export async function smallestPart(count: number, fails: (part: Part) => Promise<boolean>): Promise<Part | null> {
  let part: Part = { first: 0, end: count };
  if (!(await fails(part))) return null;
  while (part.end - part.first > 1) {
    const { first, end } = part;
    const middle = Math.floor((first + end) / 2);
    const halves = [
      { first, end: middle },
      { first: middle, end },
    ] as const;
    const failing = (await fails(halves[0])) ? halves[0] : (await fails(halves[1])) ? halves[1] : null;
    if (failing === null) return part; // together only
    part = failing;
  }
  return part;
}
