/**
 * Numbers of −3 … 3 that keep apart from each other, from 0, and, if they are few, from each other's sums, differences and products: where an
 * operator of several inputs compares them, |x − y|, relu(x + y − z), max(x, yz), it has its kinks.
 */
import { keyOf, uniform53At } from "../../tensor/key.ts";

/** Magnitudes lie in the middle of cells of this width, away from its multiples: 0, ½, 1, … are likely thresholds. */
const [CELL, MIDDLE] = [1 / 32, 3 / 4];
/** Cells of the magnitudes 0 … 3. */
export const CELLS = 96;
/** So many places of a cell are tried before the next one. */
const TRIES = 8;
/** Sums and products of two are looked at among so many numbers at most. */
const PAIRED = 64;
/** Sums and products keep away from the multiples of this too. */
const THRESHOLDS = 1 / 4;

/** How far apart numbers keep if there are `count` of them, and how far their sums, differences and products; 0: not at all. */
export const distances = (count: number): { readonly numbers: number; readonly pairs: number } => ({
  numbers: Math.min(1 / 256, 1 / (4 * count)),
  pairs: count > PAIRED ? 0 : Math.min(1e-6, 1 / (32 * count ** 3)),
});

/** Values met so far, and whether another is within `distance` of one. */
interface Met {
  readonly near: (value: number) => boolean;
  readonly add: (value: number) => void;
}

function metWithin(distance: number): Met {
  const cells = new Set<number>();
  const cellOf = (value: number): number => Math.floor(value / distance);
  return {
    near: (value) => {
      const cell = cellOf(value);
      return cells.has(cell) || cells.has(cell - 1) || cells.has(cell + 1);
    },
    add: (value) => void cells.add(cellOf(value)),
  };
}

/** What two magnitudes and a sign can make: the number itself, and its sums, differences and products with itself and all others. */
function madeOf(value: number, others: readonly number[]): readonly number[] {
  const made = [value, 2 * value, value * value];
  for (const other of others) made.push(value + other, Math.abs(value - other), value * other);
  return made;
}

/** Keeps what pairs of numbers make apart. @returns whether a number may join those that have */
function pairsApart(distance: number): (value: number, others: readonly number[]) => boolean {
  const met = metWithin(distance);
  return (value, others) => {
    const made = madeOf(value, others);
    const own = metWithin(distance);
    for (const one of made) {
      const toThreshold = Math.abs(one - THRESHOLDS * Math.round(one / THRESHOLDS));
      if (toThreshold < distance || met.near(one) || own.near(one)) return false;
      own.add(one);
    }
    made.forEach(met.add);
    return true;
  };
}

/**
 * A number in each of these cells, −CELLS … CELLS − 1, or in the next one that has room.
 *
 * @param seed of their places in the cells
 */
export function apart(cells: readonly number[], seed: number): Float64Array {
  const { numbers, pairs } = distances(cells.length);
  const key = keyOf(seed);
  const magnitudes: number[] = [];
  const met = metWithin(numbers);
  const mayJoin = pairs === 0 ? () => true : pairsApart(pairs);
  let tries = 0;
  // this ends: the numbers take a third of all places, and what pairs rule out of the rest, a part
  const magnitudeFrom = (first: number): number => {
    for (let i = 0; ; i++) {
      const cell = (first + Math.floor(i / TRIES)) % CELLS;
      const value = CELL * (cell + 1 / 2 + MIDDLE * (uniform53At(key, tries++) - 1 / 2));
      if (!met.near(value) && mayJoin(value, magnitudes)) return value;
    }
  };
  return Float64Array.from(cells, (cell) => {
    const magnitude = magnitudeFrom(cell < 0 ? -1 - cell : cell);
    met.add(magnitude);
    if (pairs > 0) magnitudes.push(magnitude);
    return cell < 0 ? -magnitude : magnitude;
  });
}
