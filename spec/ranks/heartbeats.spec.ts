/** Who is alive, on a clock of the spec's own. */
import { describe, expect, it } from "vitest";
import { heartbeatsOf, neighbours } from "../../src/ranks/heartbeats.ts";

const TIMEOUT = 20_000;

/** Lets the ranks beat for so many ms, `alive` of them, and returns what each says at the end. */
function beat(
  count: number,
  { from, ms, alive }: { readonly from: number; readonly ms: number; readonly alive: (rank: number, now: number) => boolean },
): readonly (number | null)[] {
  const ranks = Array.from({ length: count }, (_, rank) => heartbeatsOf(rank, count, from));
  for (let now = from; now <= from + ms; now += 100)
    for (const [rank, { counts, isDue }] of ranks.entries())
      if (alive(rank, now) && isDue(now)) for (const to of neighbours(rank, count).after) if (alive(to, now)) ranks[to]?.hear(counts, now);
  return ranks.map(({ silent }) => silent(from + ms, TIMEOUT));
}

describe("heartbeats", () => {
  it.each([1, 2, 3, 4, 7, 64])("of %i ranks that live name nobody", (count) => {
    expect(new Set(beat(count, { from: 5, ms: 60_000, alive: () => true }))).toEqual(new Set([null]));
  });

  it.each([2, 3, 4, 7, 64])("of %i ranks name the one that has stopped, on all others, within 30 s", (count) => {
    const stopped = count - 2;
    const found = beat(count, { from: 0, ms: 40_000, alive: (rank, now) => rank !== stopped || now < 10_000 });
    expect(found.filter((_, rank) => rank !== stopped)).toEqual(Array(count - 1).fill(stopped));
  });

  it("are sent along distances 1, 2, 4, …, each to a different rank", () => {
    expect(neighbours(5, 6)).toEqual({ after: [0, 1, 3], before: [4, 3, 1] });
    expect(neighbours(0, 1)).toEqual({ after: [], before: [] });
  });

  it("do not hold it against the others that this process was itself stopped", () => {
    const { isDue, silent } = heartbeatsOf(0, 2, 0);
    isDue(100);
    isDue(300_000);
    expect(silent(300_000, TIMEOUT)).toBeNull();
    for (let now = 300_000; now <= 321_000; now += 100) isDue(now);
    expect(silent(321_000, TIMEOUT)).toBe(1);
  });
});
