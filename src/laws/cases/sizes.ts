/** Sizes and settings of random cases, drawn so that a wrong axis shows. */
import type { Draw } from "../../check/draw.ts";

const LARGEST = 7;
/** Of whole blocks and networks: a case stays below 10⁵ multiply–adds. */
export const LARGEST_OF_BLOCKS = 5;
/** In one case of so many, one of the sizes is 1. */
const ONE_IN = 8;

/** `count` sizes of 2 … `largest` that differ from each other and from `taken`; at times one of them is 1. */
export function sizes(draw: Draw, count: number, taken: readonly number[] = [], largest: number = LARGEST): readonly number[] {
  const drawn: number[] = [];
  while (drawn.length < count) {
    const size = draw.integer(2, largest);
    if (![...drawn, ...taken].includes(size)) drawn.push(size);
  }
  if (draw.integer(1, ONE_IN) === 1) drawn[draw.integer(0, count - 1)] = 1;
  return drawn;
}

/** 0 to 3 leading axes of 1 … 3. */
export const leading = (draw: Draw): readonly number[] => Array.from({ length: draw.integer(0, 3) }, () => draw.integer(1, 3));

/** As `leading`, then an axis of 2 … 4: several rows. */
export const severalRows = (draw: Draw): readonly number[] => [...leading(draw), draw.integer(2, 4)];

type Pair = readonly [h: number, d: number];

/** Layer norms of D = h·d < 4 lose digits to cancellation. */
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

/** ε of a layer norm by itself, up to where it matters. */
export const epsilon = (draw: Draw): number => draw.oneOf([1e-6, 1e-3, 0.1, 1]);

/** ε in a block: not so small that a row which dropout all but empties bends more than finite differences resolve. */
export const epsilonOfBlocks = (draw: Draw): number => draw.oneOf([1e-3, 0.1, 1]);
