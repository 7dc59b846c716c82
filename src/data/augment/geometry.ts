/**
 * The operations that move pixels, by an affine transform with Pillow's bicubic filter (deit.md 7.8). Where the output pixel with its centre
 * at (x, y) is sampled, and the argument at magnitude M:
 *
 *   ShearX, ShearY    (x + v y, y), (x, v x + y)         v = ±0.3 M/10           about the top left corner
 *   TranslateXRel     (x + v W, y), and so on            v = ±0.45 M/10          positive: the content moves to the left
 *   Rotate            about the centre of the image      ±30 M/10 degrees        counter-clockwise for positive angles
 *
 * Pixels that are sampled outside the image get the fill colour.
 */
import type { AffineMatrix } from "../pixels/kernels.ts";
import type { Size } from "../pixels/pixels.ts";
import { level, signed, type GradedOperation, type Operation } from "./operation.ts";

/** ImageNet's mean colour (deit.md 7.8). */
const FILL = [124, 116, 104];
/** The arguments at the largest magnitude (deit.md 7.8). */
const [DEGREES, SHEAR, SHIFT] = [30, 0.3, 0.45];

const RADIAN = Math.PI / 180;
const WHOLE_TURN = 360;
/** Decimals that Pillow rounds sines and cosines to. */
const DECIMALS = 15;

const geometric = (matrixOf: (argument: number, size: Size) => AffineMatrix, argument: (M: number) => number): GradedOperation => ({
  isSigned: true,
  argument: (M, sign) => signed(argument(M), sign),
  apply: (kernels, image, argument) => kernels.affine(image, matrixOf(argument, image), FILL),
});

/** Pillow's matrix for a rotation, which it computes for an angle in [0, 360). */
function rotation(degrees: number, { width, height }: Size): AffineMatrix {
  const turned = degrees % WHOLE_TURN;
  const angle = -((turned < 0 ? turned + WHOLE_TURN : turned) * RADIAN);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)].map((x) => Number(x.toFixed(DECIMALS)));
  const [a, b, d, e] = [cosine ?? 1, sine ?? 0, -(sine ?? 0), cosine ?? 1];
  const [x, y] = [width / 2, height / 2];
  return [a, b, a * -x + b * -y + x, d, e, d * -x + e * -y + y];
}

const rotate = geometric(rotation, (M) => level(M) * DEGREES);
const shear = (M: number): number => level(M) * SHEAR;
const shift = (M: number): number => level(M) * SHIFT;

/** timm's names. */
export type GeometryName = "Rotate" | `Shear${"X" | "Y"}` | `Translate${"X" | "Y"}Rel`;

/** The operations by timm's names. */
export const geometry: { readonly [N in GeometryName]: Operation } = {
  Rotate: { ...rotate, apply: (kernels, image, degrees) => (degrees === 0 ? image : rotate.apply(kernels, image, degrees)) },
  ShearX: geometric((v) => [1, v, 0, 0, 1, 0], shear),
  ShearY: geometric((v) => [1, 0, 0, v, 1, 0], shear),
  TranslateXRel: geometric((v, { width }) => [1, 0, v * width, 0, 1, 0], shift),
  TranslateYRel: geometric((v, { height }) => [1, 0, 0, 0, 1, v * height], shift),
};
