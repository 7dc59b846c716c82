/**
 * Counts the FLOP of a program, kernel by kernel: each addition, multiplication, division, root and comparison is one. Moves have none. These are
 * the operations of the formulas; an engine may do more.
 */
import { matmulSizes } from "../../kernels/rules.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import type { Loops } from "../region.ts";

/** FLOP of these functions for one number, as in assembly/math.ts. */
const EXP = 27;
const LOG = 30;
const NORMAL_CDF = 58;

/**
 * Loops that compute nothing and count their FLOP.
 *
 * @param count called with the FLOP of each kernel
 */
export function countedLoops(count: (flop: number) => void): Loops {
  const ofEach =
    (cost: number) =>
    (out: Tensor): void =>
      count(cost * size(out.shape));
  const ofEachInput = (_: Tensor, { shape }: Tensor): void => count(size(shape));
  const none = (): void => count(0);
  return {
    upload: none,
    zeros: none,
    uniform: none,
    add: ofEach(1),
    sub: ofEach(1),
    mul: ofEach(1),
    div: ofEach(1),
    scale: ofEach(1),
    addScalar: ofEach(1),
    square: ofEach(1),
    sqrt: ofEach(1),
    rsqrt: ofEach(2),
    exp: ofEach(EXP),
    log: ofEach(LOG),
    normalCdf: ofEach(NORMAL_CDF),
    step: ofEach(1),
    isFinite: ofEach(1),
    where: ofEach(1),
    sumLast: ofEachInput,
    meanLast: ofEachInput,
    maxLast: ofEachInput,
    sumLeading: ofEachInput,
    argmaxLast: ofEachInput,
    oneHot: none,
    matmul: (_, a, b, transpose) => count(2 * size(a.shape) * matmulSizes(a.shape, b.shape, transpose).n),
    permute: none,
    slice: none,
    pad: none,
    concat: none,
    expandLeading: none,
    unfold: none,
    fold: ofEachInput,
  };
}
