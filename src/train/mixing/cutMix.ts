/**
 * CutMix: in every image, the pixels of a box are replaced by the partner's pixels at the same place (deit.md 7.9).
 *
 *   (E39)  c_h = trunc(H√(1 − λ))    rows    [clip(y − c_h//2, 0, H), clip(y + c_h//2, 0, H))     y, x: the centre
 *          c_w = trunc(W√(1 − λ))    columns [clip(x − c_w//2, 0, W), clip(x + c_w//2, 0, W))
 *          λ ← 1 − (rows · columns)/(HW)                                            the share of its own pixels that an image keeps
 *
 * This is rule `deit`, which follows timm 0.3.2, the version that the authors pin: an odd c loses one pixel. Rule `timm` follows later versions,
 * which keep that pixel: the end is y + (c_h + 1)//2. `mixup` mixes the targets with the resulting λ.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { defineRoutine, type Routine } from "../../ops/op.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { show, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { checkPairs, partners } from "./partners.ts";

/** Pixels `from` … `to` − 1 along a side. */
export type Span = readonly [from: number, to: number];

/** A rectangle of pixels. */
export interface Box {
  /** From the first to the one after the last. */
  readonly rows: Span;
  /** From the first to the one after the last. */
  readonly columns: Span;
}

/** `deit`: timm 0.3.2, which DeiT pins; `timm`: later versions. */
export type BoxRule = "deit" | "timm";

/** What determines a box. */
export interface BoxSettings {
  /** Height of the image, in pixels. */
  readonly H: number;
  /** Width of the image, in pixels. */
  readonly W: number;
  /** λ as drawn: the share that an image would keep if no pixel of the box were clipped or lost. */
  readonly lambda: number;
  /** The pixel in the middle of the box, as drawn. */
  readonly centre: {
    /** Its row. */
    readonly y: number;
    /** Its column. */
    readonly x: number;
  };
  /** Which version's arithmetic. */
  readonly rule: BoxRule;
}

/** A box, and the share of an image that it leaves. */
export interface CutBox {
  /** The pixels that are exchanged. */
  readonly box: Box;
  /** λ, corrected for the clipped part and for the lost pixel. */
  readonly lambda: number;
}

const lengthOf = ([from, to]: Span): number => to - from;

/** The box along one side of the image, which is `side` pixels long. */
function spanOf(side: number, centre: number, lambda: number, rule: BoxRule): Span {
  const cut = Math.trunc(side * Math.sqrt(1 - lambda)); //    c
  const before = Math.floor(cut / 2); //                      c//2
  const after = rule === "deit" ? before : cut - before; //   c//2 or (c + 1)//2
  return [Math.max(centre - before, 0), Math.min(centre + after, side)];
}

/**
 * Box and λ of (E39).
 *
 * @throws RangeError unless λ is in [0, 1] and the centre a pixel of the image
 */
export function cutMixBox({ H, W, lambda, centre: { y, x }, rule }: BoxSettings): CutBox {
  if (!(lambda >= 0 && lambda <= 1)) throw new RangeError(`cutMixBox: lambda must be in [0, 1], got ${lambda}`);
  const isPlace = (place: number, side: number): boolean => Number.isInteger(place) && place >= 0 && place < side;
  if (!isPlace(y, H) || !isPlace(x, W)) throw new RangeError(`cutMixBox: the centre must be a pixel of ${H}×${W}, got (${y}, ${x})`);
  const box: Box = { rows: spanOf(H, y, lambda, rule), columns: spanOf(W, x, lambda, rule) };
  return { box, lambda: 1 - (lengthOf(box.rows) * lengthOf(box.columns)) / (H * W) };
}

/** The images of `cutMix`. */
export interface CutMixInputs {
  /** [B, C, H, W]; B is even. */
  readonly x: Tensor;
}

/** @throws ShapeError unless x is an even batch of images, RangeError for a box that is not inside them */
function check({ x }: CutMixInputs, { rows, columns }: Box): void {
  checkPairs("cutMix", x);
  const [, , H = 0, W = 0] = x.shape;
  if (x.shape.length !== 4) throw new ShapeError(`cutMix: images must be [B, C, H, W], got ${show(x.shape)}`);
  const isInside = (span: Span, side: number): boolean => {
    const [from, to] = span;
    return span.every(Number.isInteger) && from >= 0 && from <= to && to <= side;
  };
  if (!isInside(rows, H) || !isInside(columns, W))
    throw new RangeError(`cutMix: rows ${rows.join(" … ")} and columns ${columns.join(" … ")} are no box in ${H}×${W}`);
}

/** 1 in the box, 0 outside, for every image: [B, C, H, W]. */
function inside(k: Kernels, [B = 0, C = 0, H = 0, W = 0]: Shape, { rows, columns }: Box): Tensor {
  const isIn = (place: number, [from, to]: Span): boolean => place >= from && place < to;
  const ofImage = Float32Array.from({ length: H * W }, (_, i) => (isIn(Math.floor(i / W), rows) && isIn(i % W, columns) ? 1 : 0));
  return k.expandLeading(k.expandLeading(k.upload([H, W], ofImage), C), B);
}

/** [B, C, H, W] → [B, C, H, W], exactly: pixels are selected, not computed. A box may be empty or the whole image. The memory that it takes
 * does not depend on the box. */
export const cutMix: Routine<CutMixInputs, Box> = defineRoutine({
  name: "cutMix",
  check,
  run(k: Kernels, { x }: CutMixInputs, box: Box): Tensor {
    return k.where(inside(k, x.shape, box), partners(k, x), x); // (E39)
  },
});
