/** Names of shards: `train-{00000..00099}.tar` stands for a hundred archives, in this order, as in webdataset and in the shell. */

const RANGE = /\{(\d+)\.\.(\d+)\}/;

/** The most shards of a set. */
const MOST_SHARDS = 100_000;

/** Whether a path contains a range of numbers in braces. */
export const hasRange = (path: string): boolean => RANGE.test(path);

/**
 * The paths that a path with ranges stands for; the last range changes fastest. If a bound begins with a zero, all numbers get the length of the longer bound.
 *
 * @throws RangeError for a range that does not count upwards, or more than 100,000 shards
 */
export function shardPaths(path: string): readonly string[] {
  const found = RANGE.exec(path);
  if (found === null) return [path];
  const [range, from = "", to = ""] = found;
  const [first, last] = [Number(from), Number(to)];
  if (first > last) throw new RangeError(`the range ${range} must count upwards`);
  const isPadded = [from, to].some((bound) => bound.length > 1 && bound.startsWith("0"));
  const width = isPadded ? Math.max(from.length, to.length) : 0;
  const rest = path.slice(found.index + range.length);
  const after = shardPaths(rest);
  if ((last - first + 1) * after.length > MOST_SHARDS) throw new RangeError(`${range} gives more than ${MOST_SHARDS} shards`);
  const before = path.slice(0, found.index);
  const numbers = Array.from({ length: last - first + 1 }, (_, i) => `${first + i}`.padStart(width, "0"));
  return numbers.flatMap((number) => after.map((tail) => `${before}${number}${tail}`));
}
