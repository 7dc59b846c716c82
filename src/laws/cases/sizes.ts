/** Sizes and settings of random cases, drawn so that a confusion of axes is noticed. */
import type { Draw } from "../../check/draw.ts";

const LARGEST = 7;
/** The largest size in blocks and networks, so that a case stays below 10⁵ multiply–adds. */
export const LARGEST_OF_BLOCKS = 5;
/** In one case of this many, one of the sizes is 1. */
const ONE_IN = 8;

/** `count` sizes from 2 to `largest` that differ from each other and from `taken`; sometimes one of them is 1. */
export function sizes(draw: Draw, count: number, taken: readonly number[] = [], largest: number = LARGEST): readonly number[] {
  const drawn: number[] = [];
  while (drawn.length < count) {
    const size = draw.integer(2, largest);
    if (![...drawn, ...taken].includes(size)) drawn.push(size);
  }
  if (draw.integer(1, ONE_IN) === 1) drawn[draw.integer(0, count - 1)] = 1;
  return drawn;
}

/** 0 to 3 leading axes of length 1 to 3. */
export const leading = (draw: Draw): readonly number[] => Array.from({ length: draw.integer(0, 3) }, () => draw.integer(1, 3));

/** Leading axes and an axis of length 2 to 4, so that there are several rows. */
export const severalRows = (draw: Draw): readonly number[] => [...leading(draw), draw.integer(2, 4)];

type Pair = readonly [h: number, d: number];

/** D = h·d ≥ 4, because layer norms of fewer channels lose digits to cancellation. */
const HEADS: readonly [Pair, ...Pair[]] = [
  [2, 3],
  [3, 2],
  [1, 5],
  [5, 1],
  [2, 2],
];

/** Heads h, their width d and the width D = h·d. */
export function headSizes(draw: Draw): { readonly h: number; readonly d: number; readonly D: number } {
  const [h, d] = draw.oneOf(HEADS);
  return { h, d, D: h * d };
}

/** ε of a single layer norm, from DeiT's value to one that dominates the variance. */
export const epsilon = (draw: Draw): number => draw.oneOf([1e-6, 1e-3, 0.1, 1]);

/** ε in a block: not so small that finite differences fail for a row in which dropout leaves almost nothing. */
export const epsilonOfBlocks = (draw: Draw): number => draw.oneOf([1e-3, 0.1, 1]);
