/**
 * The loops over the pixels of 8-bit images, whose definitions are in src/data/pixels: the same bytes, computed with SIMD.
 *
 * Arguments are outputs, then inputs, then integers, then scalars; pointers and distances are in bytes. Loops read whole vectors and write
 * whole vectors, hence up to `MARGIN` bytes before and after what they are given; where rows are written, they are written from top to bottom,
 * so that what was written past one row is overwritten by the next.
 *
 * Loops for 1 and for 3 channels are functions of their own: where one function has both, the compiler makes one loop of them again.
 */
export { affine } from "./affine";
export { blend } from "./blend";
export { flipGrey, flipRgb } from "./flip";
export { grey } from "./grey";
export { histogram } from "./histogram";
export { lookUp } from "./lookUp";
export { firstFree, margin } from "./margin";
export { planes } from "./planes";
export { alongColumns, alongRowsGrey, alongRowsRgb, pairWeights } from "./resize";
export { smooth } from "./smooth";
