/**
 * The position embedding for another grid of patches: an image side of 384 instead of 224 has 24×24 patches instead of 14×14. The rows of the
 * prefix tokens are copied, and the map of each channel is resampled.
 *
 *          Y = R X R′ᵀ per channel      R for the rows, R′ for the columns
 *
 *   (E16)  s = n/m      u = s(i + ½) − ½      f = floor(u)      t = u − f           output i = 0 … m − 1, n inputs
 *   (E17)  k₁(x) = (a+2)x³ − (a+3)x² + 1                        0 ≤ x ≤ 1           cubic convolution, a = −¾
 *          k₂(x) = a x³ − 5a x² + 8a x − 4a                     1 ≤ x ≤ 2
 *          R[i, clamp(f−1+j, 0, n−1)] += k₂(t+1), k₁(t), k₁(1−t), k₂(2−t)  for j = 0 … 3
 *
 * Two other choices of R, as torch.nn.functional.interpolate has them (align_corners=False, without antialiasing):
 *
 *          bilinear   R[i, clamp(f+j, 0, n−1)] += 1−t, t  for j = 0, 1             u, f and t of (E16)
 *          nearest    R[i, floor(i·n/m)] = 1
 *
 *   (G19)  X̄ = Rᵀ Ȳ R′ per channel; prefix rows pass through
 */
import type { Kernels } from "../kernels/kernels.ts";
import { axis, type Tensor } from "../tensor/tensor.ts";
import { defineOp, type Grads, type Op, type Result } from "./op.ts";

/** `deit`: (E16)–(E17), the default. `timm`: as in current timm, with antialiasing. `bilinear` and `nearest`: as in PyTorch. */
export type Resampling = "deit" | "timm" | "bilinear" | "nearest";

/** Cubic convolution kernel (E17), zero from |x| = 2 on. */
function cubic(x: number, a: number): number {
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

/** a in DeiT (PyTorch's bicubic interpolation), where indices outside the grid are clamped to its border. */
const A_DEIT = -0.75;
/** a in timm with antialiasing (Pillow's bicubic filter), where weights outside the grid are dropped and the others renormalised. */
const A_TIMM = -0.5;

/** Row i of R: the weight of each input, by a kernel that is zero at distances from u of `radius` and more. */
function interpolatedRow(n: number, m: number, i: number, radius: number, kernel: (x: number) => number): readonly number[] {
  const u = (n / m) * (i + 0.5) - 0.5; //                         (E16), not clamped
  const f = Math.floor(u);
  const row = Array.from({ length: n }, () => 0);
  for (let tap = f - radius + 1; tap <= f + radius; tap++) {
    const input = Math.min(Math.max(tap, 0), n - 1);
    row[input] = (row[input] ?? 0) + kernel(Math.abs(u - tap));
  }
  return row;
}

const rowDeit = (n: number, m: number, i: number): readonly number[] => interpolatedRow(n, m, i, 2, (x) => cubic(x, A_DEIT)); // (E17)

const rowBilinear = (n: number, m: number, i: number): readonly number[] => interpolatedRow(n, m, i, 1, (x) => 1 - x);

const rowNearest = (n: number, m: number, i: number): readonly number[] =>
  Array.from({ length: n }, (_, j) => (j === Math.floor((i * n) / m) ? 1 : 0));

function rowTimm(n: number, m: number, i: number): readonly number[] {
  const stretch = Math.max(n / m, 1);
  const centre = (n / m) * (i + 0.5);
  const first = Math.trunc(centre - 2 * stretch + 0.5);
  const end = Math.trunc(centre + 2 * stretch + 0.5);
  const weights = Array.from({ length: n }, (_, j) => (j >= first && j < end ? cubic(Math.abs(j - centre + 0.5) / stretch, A_TIMM) : 0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Row i of R, by each method. */
const rowBy: { readonly [R in Resampling]: (n: number, m: number, i: number) => readonly number[] } = {
  deit: rowDeit,
  timm: rowTimm,
  bilinear: rowBilinear,
  nearest: rowNearest,
};

/** R, [m, n] row-major: m outputs from n inputs along one side of the grid. Rows sum to 1; R = I for m = n. */
export function resizeMatrix(n: number, m: number, resampling: Resampling = "deit"): Float64Array {
  const row = rowBy[resampling];
  return Float64Array.from(Array.from({ length: m }, (_, i) => row(n, m, i)).flat());
}

/** Rows and columns of patches. */
export type Grid = readonly [number, number];

/** What `positionResize` differentiates. */
export interface PositionResizeInputs {
  /** [1, P + rows·columns, D] */
  readonly pos: Tensor;
}

/** Settings of `positionResize`. */
export interface PositionResizeAttrs {
  /** The grid of `pos`. */
  readonly from: Grid;
  /** The grid of the result. */
  readonly to: Grid;
  /** P: 1 plain, 2 distilled. */
  readonly prefix: number;
  /** Default `deit`. */
  readonly resampling?: Resampling;
}

/** What the VJP of `positionResize` reads. */
export interface PositionResizeSaved {
  /** The settings of the forward. */
  readonly attrs: PositionResizeAttrs;
  /** R, [to rows, from rows]. */
  readonly rows: Tensor;
  /** R′, [to columns, from columns]. */
  readonly columns: Tensor;
}

/** Resamples the grid along both sides and puts the unchanged prefix rows before it; `transposed` applies Rᵀ and R′ᵀ instead of R and R′. */
function resample(
  k: Kernels,
  pos: Tensor,
  [H, W]: Grid,
  { rows, columns, attrs: { prefix } }: PositionResizeSaved,
  transposed: boolean,
): Tensor {
  const D = axis(pos.shape, -1);
  const along = (R: Tensor, map: Tensor): Tensor => {
    const [n = 0, other = 0] = map.shape;
    const out = k.matmul(R, k.reshape(map, [n, other * D]), { ta: transposed });
    return k.permute(k.reshape(out, [axis(out.shape, 0), other, D]), [1, 0, 2]); // the other side comes first
  };
  const map = k.reshape(k.slice(pos, 1, prefix, prefix + H * W), [H, W, D]);
  const resized = along(columns, along(rows, map));
  const patches = k.reshape(resized, [1, axis(resized.shape, 0) * axis(resized.shape, 1), D]);
  return k.concat([k.slice(pos, 1, 0, prefix), patches], 1);
}

function forward(k: Kernels, { pos }: PositionResizeInputs, attrs: PositionResizeAttrs): Result<Tensor, PositionResizeSaved> {
  const { from, to, resampling } = attrs;
  const matrix = (i: 0 | 1): Tensor => k.upload([to[i], from[i]], resizeMatrix(from[i], to[i], resampling));
  const saved = { attrs, rows: matrix(0), columns: matrix(1) };
  return { out: resample(k, pos, from, saved, false), saved };
}

function vjp(k: Kernels, saved: PositionResizeSaved, dY: Tensor): Grads<PositionResizeInputs> {
  return { pos: resample(k, dY, saved.attrs.to, saved, true) }; //  (G19)
}

/** [1, P + n², D] → [1, P + m², D]; the grids need not be square. */
export const positionResize: Op<PositionResizeInputs, PositionResizeSaved, PositionResizeAttrs> = defineOp({
  name: "positionResize",
  shapes: { inputs: { pos: "1 T D" } },
  check({ pos }, { from: [rows, columns], prefix }) {
    const [T, needed] = [axis(pos.shape, 1), prefix + rows * columns];
    if (T !== needed)
      throw new RangeError(`positionResize: pos has ${T} rows, but ${prefix} prefix rows and a grid of ${rows}×${columns} are ${needed}`);
  },
  forward,
  vjp,
});
