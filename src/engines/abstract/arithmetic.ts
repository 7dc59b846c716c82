/**
 * What a program does in arithmetic, kernel by kernel: additions, multiplications, divisions, roots and comparisons of f32, one FLOP each.
 * Moves do none. So many are in the formulas; an engine may need more.
 */
import { product } from "../../kernels/rules.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import type { Loops } from "../region.ts";

/** Those of assembly/math.ts, of one number. */
const EXP = 27;
const LOG = 30;
const NORMAL_CDF = 58;

/**
 * Loops for an engine that computes nothing: they count.
 *
 * @param told the FLOP of each kernel
 */
export function countedLoops(told: (flop: number) => void): Loops {
  const ofEach =
    (cost: number) =>
    (out: Tensor): void =>
      told(cost * size(out.shape));
  const ofEachInput = (_: Tensor, { shape }: Tensor): void => told(size(shape));
  const none = (): void => told(0);
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
    matmul: (_, a, b, transpose) => told(2 * size(a.shape) * product(a.shape, b.shape, transpose).n),
    permute: none,
    slice: none,
    pad: none,
    concat: none,
    expandLeading: none,
    unfold: none,
    fold: ofEachInput,
  };
}
