/** Mixup and CutMix of two pictures and of their labels, by the library. */
import { evaluateOne, hostArray } from "deit/check";
import {
  cutMix,
  cutMixBox,
  drawMixes,
  fold,
  keyOf,
  mixup,
  referenceEngine,
  smoothOverAll,
  type CutBox,
  type Kernels,
  type Mix,
  type MixingSettings,
  type Pixels,
  type Tensor,
} from "deit";

/** S of the pictures, in pixels. */
export const MIX_SIDE = 112;
/** K, as in ImageNet. */
export const CLASSES = 1000;
/** ε of label smoothing. */
const SMOOTHING = 0.1;
/** The largest value of a byte. */
const FULL = 255;

/** DeiT's settings (deit.md 7.1). */
export const deitMixing: MixingSettings = { mixup: 0.8, cutmix: 1, probability: 1, cutmixShare: 0.5, group: 64 };

/** What the reader chooses. */
export interface MixChoice {
  readonly kind: "mixup" | "cutmix";
  /** λ as drawn, before CutMix corrects it. */
  readonly lambda: number;
  /** The centre of the box, in pixels. */
  readonly centre: { readonly y: number; readonly x: number };
}

/** What a training with this seed draws in this step for its first group of images. */
export const drawnMix = (seed: number, step: number): Mix | undefined =>
  drawMixes(fold(fold(fold(keyOf(seed), "student"), "mix"), step), deitMixing, deitMixing.group, MIX_SIDE)[0];

/** The box of CutMix, with the corrected λ. */
export const boxOf = ({ lambda, centre }: MixChoice): CutBox => cutMixBox({ H: MIX_SIDE, W: MIX_SIDE, lambda, centre, rule: "deit" });

/** [S, S, 3] bytes → [3, S, S]. */
const planesOf = ({ data, channels }: Pixels): readonly number[] =>
  Array.from(
    { length: data.length },
    (_, i) => data[(i % (data.length / channels)) * channels + Math.floor(i / (data.length / channels))] ?? 0,
  );

/** [3, S, S] → [S, S, 3] bytes. */
function pixelsOf(planes: Float64Array, channels: number): Pixels {
  const area = planes.length / channels;
  const data = Uint8Array.from({ length: planes.length }, (_, i) =>
    Math.min(FULL, Math.round(planes[(i % channels) * area + Math.floor(i / channels)] ?? 0)),
  );
  return { data, width: MIX_SIDE, height: MIX_SIDE, channels };
}

/** Two mixed pictures and their labels. */
export interface Mixed {
  readonly pictures: readonly [Pixels, Pixels];
  /** λ that the labels are mixed with. */
  readonly lambda: number;
  /** q of the two samples, [2, K]. */
  readonly targets: readonly (readonly number[])[];
}

const engine = referenceEngine();

/** A batch of two pictures, each the other's partner, with its labels. */
export async function mixed(pictures: readonly [Pixels, Pixels], labels: readonly [number, number], choice: MixChoice): Promise<Mixed> {
  const { box, lambda: kept } = boxOf(choice);
  const lambda = choice.kind === "mixup" ? choice.lambda : kept;
  const channels = pictures[0].channels;
  const x = hostArray([2, channels, MIX_SIDE, MIX_SIDE], pictures.flatMap(planesOf));
  const run = (k: Kernels, t: Tensor): Tensor =>
    choice.kind === "mixup" ? mixup.run(k, { x: t }, { lambda }) : cutMix.run(k, { x: t }, box);
  const { data } = await evaluateOne(engine, (k) => run(k, k.upload(x.shape, x.data)));
  const q = await evaluateOne(engine, (k) => mixup.run(k, { x: smoothOverAll(k, k.upload([2], labels), CLASSES, SMOOTHING) }, { lambda }));
  const half = data.length / 2;
  return {
    pictures: [pixelsOf(data.subarray(0, half), channels), pixelsOf(data.subarray(half), channels)],
    lambda,
    targets: [0, 1].map((i) => [...q.data.subarray(i * CLASSES, (i + 1) * CLASSES)]),
  };
}
