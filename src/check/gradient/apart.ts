/**
 * Numbers from −3 to 3 that are not close to each other, to 0, or, if they are few, to each other's sums, differences and products. An operator
 * that compares its inputs, such as |x − y|, relu(x + y − z) or max(x, yz), has its kinks where these are close.
 */
import { keyOf, uniform53At } from "../../tensor/key.ts";

/** Magnitudes lie in the middle part of cells of this width, away from its multiples, because 0, ½, 1, … are likely thresholds. */
const [CELL, MIDDLE] = [1 / 32, 3 / 4];
/** Number of cells of the magnitudes from 0 to 3. */
export const CELLS = 96;
/** This many places in a cell are tried before the next cell. */
const TRIES = 8;
/** Sums and products of pairs are considered among at most this many numbers. */
const PAIRED = 64;
/** Sums and products also keep a distance from the multiples of this. */
const THRESHOLDS = 1 / 4;

/** The least distance between `count` numbers, and between their sums, differences and products; 0: not required. */
export const distances = (count: number): { readonly numbers: number; readonly pairs: number } => ({
  numbers: Math.min(1 / 256, 1 / (4 * count)),
  pairs: count > PAIRED ? 0 : Math.min(1e-6, 1 / (32 * count ** 3)),
});

/** The values so far, and whether another value is within the distance of one. */
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

/** A number, and its sums, differences and products with itself and all others. */
function madeOf(value: number, others: readonly number[]): readonly number[] {
  const made = [value, 2 * value, value * value];
  for (const other of others) made.push(value + other, Math.abs(value - other), value * other);
  return made;
}

/** Keeps the sums, differences and products of pairs apart. @returns a function that says whether a number may join, and adds it if so */
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
 * One number in each of these cells, which are numbered from −CELLS to CELLS − 1, or in the next cell that has room.
 *
 * @param seed determines the places in the cells
 */
export function apart(cells: readonly number[], seed: number): Float64Array {
  const { numbers, pairs } = distances(cells.length);
  const key = keyOf(seed);
  const magnitudes: number[] = [];
  const met = metWithin(numbers);
  const mayJoin = pairs === 0 ? () => true : pairsApart(pairs);
  let tries = 0;
  // this ends: the numbers take a third of all places, and pairs rule out only a part of the rest
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
