/** A view of a training image step by step: what is drawn for it, and the picture after each step, by the library's own functions. */
import { hostArray, evaluateOne, type HostArray } from "deit/check";
import { erase, fold, keyOf, normalisedTensor, referenceEngine, type Key, type Normalisation, type Pixels, type Size } from "deit";
import type { OperationDraw, ViewDraw } from "../../../src/data/augment/draw.ts";
import { erasingNoise } from "../../../src/data/augment/erasing.ts";
import { argumentOf } from "../../../src/data/augment/operations.ts";
import { deitSettings } from "../../../src/data/augment/settings.ts";
import { applyView, drawView, viewKey } from "../../../src/data/augment/view.ts";
import type { PixelKernels } from "../../../src/data/pixels/kernels.ts";

/** S, the side of a view in pixels. */
export const SIDE = 224;

/** The statistics of ImageNet, by which DeiT's images are normalised (deit.md 7.6). */
export const IMAGENET: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The largest value of a byte. */
const FULL = 255;

/** Everything that a draw depends on, besides the size of the image. */
export interface Place {
  readonly seed: number;
  readonly epoch: number;
  /** The index of the image in its set. */
  readonly sample: number;
  /** Which of its views in the epoch, from 0. */
  readonly copy: number;
}

/** Whether something can be drawn there: a field that someone is typing in may be empty. */
export const isPlace = (place: Place): boolean => Object.values(place).every((n) => Number.isSafeInteger(n) && n >= 0);

/** The key of a view in the training with this seed. */
export const keyAt = ({ seed, epoch, sample, copy }: Place): Key => viewKey(fold(keyOf(seed), "student"), epoch, sample, copy);

/** What DeiT's recipe draws for an image of this size. */
export const viewAt = (place: Place, size: Size): ViewDraw => drawView(keyAt(place), size, SIDE, deitSettings);

/** An operation of a view, with the argument that it gets; null: none. */
export interface DrawnOperation extends OperationDraw {
  readonly argument: number | null;
}

/** The operations of a view. */
export const operationsOf = ({ ops }: ViewDraw): readonly DrawnOperation[] => ops.map((draw) => ({ ...draw, argument: argumentOf(draw) }));

/** The picture after a step. */
export interface Stage {
  /** `crop`, `flip`, timm's name of an operation, or `erasing`. */
  readonly step: string;
  /** Whether the step changes anything. */
  readonly applied: boolean;
  readonly pixels: Pixels;
}

/** Normalised channels as bytes again, [C, S, S] → [S, S, C]; what lies beyond black and white is clipped. */
function shown({ data }: HostArray, { mean, std }: Normalisation): Pixels {
  const area = SIDE ** 2;
  const bytes = Uint8Array.from({ length: data.length }, (_, i) => {
    const c = i % mean.length;
    const x = (data[c * area + Math.floor(i / mean.length)] ?? 0) * (std[c] ?? 1) + (mean[c] ?? 0);
    return Math.round(Math.min(Math.max(x, 0), 1) * FULL);
  });
  return { data: bytes, width: SIDE, height: SIDE, channels: mean.length };
}

const engine = referenceEngine();

/** The view after random erasing, which fills a rectangle of the normalised pixels. */
async function erased(view: Pixels, { erasing }: ViewDraw, key: Key): Promise<Pixels> {
  if (erasing === null) return view;
  const x = hostArray([1, view.channels, SIDE, SIDE], normalisedTensor(view, IMAGENET));
  const noise = erasingNoise(key, erasing, view.channels);
  const out = await evaluateOne(engine, (k) => erase.run(k, { x: k.upload(x.shape, x.data) }, [{ image: 0, ...erasing, noise }]));
  return shown(out, IMAGENET);
}

/** The picture after each step of a view. */
export async function stagesOf(kernels: PixelKernels, image: Pixels, draw: ViewDraw, key: Key): Promise<readonly Stage[]> {
  const upTo = (part: Partial<ViewDraw>): Pixels => applyView(kernels, image, { ...draw, ...part }, SIDE);
  const stages: Stage[] = [
    { step: "crop", applied: true, pixels: upTo({ flip: false, ops: [] }) },
    { step: "flip", applied: draw.flip, pixels: upTo({ ops: [] }) },
    ...draw.ops.map(({ op, applied }, i) => ({ step: op, applied, pixels: upTo({ ops: draw.ops.slice(0, i + 1) }) })),
  ];
  return [...stages, { step: "erasing", applied: draw.erasing !== null, pixels: await erased(upTo({}), draw, key) }];
}
