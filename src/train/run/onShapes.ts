/** A training on shapes alone, from which an engine learns how much memory it needs. */
import type { Erased } from "../../data/loader/batch.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { mixedBatch } from "../step/mixedBatch.ts";
import { inference } from "../../ops/observe.ts";
import { keyOf } from "../../tensor/key.ts";
import { drawMixes, type Mix, type MixingSettings } from "../mixing/drawMix.ts";
import { gradientsOf } from "../step/gradients.ts";
import { updated } from "../step/step.ts";
import { normalisedImages, type LabelledImages } from "../step/uploadBatch.ts";
import { initialState, type Model } from "./state.ts";
import type { Predict } from "../teachers/teacher.ts";
import { taught } from "./stepBatch.ts";
import type { Training } from "./training.ts";

/** The mixes of a step on n images, once for each way to mix, since the two take different memory; none if n images are not mixed. */
function everyMix(mixing: MixingSettings | null, n: number): readonly (readonly Mix[])[] {
  if (mixing === null || n % 2 !== 0) return [];
  const wanted = drawMixes(keyOf(0), mixing, n, 1).length;
  const groups = n % (2 * wanted) === 0 ? wanted : Math.min(wanted, 1);
  const ways: readonly Mix[] = [
    { kind: "mixup", lambda: 0.5 },
    { kind: "cutmix", lambda: 1, box: { rows: [0, 0], columns: [0, 0] } },
  ];
  return ways.map((mix) => Array.from({ length: groups }, () => mix));
}

/** A training without what shapes do not tell; a teacher that runs on the host is replaced by one that returns zeros. */
export interface ShapesOf<P, B, S> extends Omit<Training<P, B, S>, "initial" | "teacher"> {
  readonly teacher: Predict | null;
}

/**
 * A training on shapes alone, for the plan of its memory: steps on n images, unmixed and mixed in each way, then an evaluation. There are at least
 * two steps, since the state that the first returns differs in sizes from the one that it began with. Consumes the model and returns the trained one.
 */
export function trainingOnShapes<P, B, S>(
  k: Kernels,
  { task, target, teacher, training, dataset: { channels }, side, data, key, mixing, measurement }: ShapesOf<P, B, S>,
  model: Model<P, B>,
  most: number,
): Model<P, B> {
  const settings = { ...training, lr: 0, emaDecay: training.emaDecay ?? 0 };
  const micro = Math.min(training.microBatch ?? most, most);
  const n = Math.floor(most / micro) * micro;
  const erased = data.erasing === 0 ? [] : [{ image: 0, top: 0, left: 0, h: 1, w: 1, noise: new Float32Array(channels) }];
  const given = (size: number, erased: readonly Erased[]): LabelledImages => ({
    images: normalisedImages(k, () => k.zeros([size, channels, side, side]), data, erased),
    labels: k.zeros([size]),
  });
  let state = initialState(k, training, model);
  let read: unknown = null; // of the last step, while the model is evaluated
  for (const mixes of [[], ...everyMix(mixing, n), []]) {
    k.donate(read);
    const mixed = k.region("batch", () => mixedBatch(k, given(n, erased), mixes, target));
    const batch = { ...mixed, teacher: teacher === null ? null : taught(k, teacher, mixed.images, micro) };
    const { loss, truth, ...made } = k.region("gradients", () => gradientsOf(k, task, state, batch, { key, first: 0, of: n, micro }));
    const { state: next, norm } = updated(k, task, state, made, settings, true);
    k.donate(batch);
    read = [loss, truth, norm];
    state = next;
  }
  for (const size of measurement?.sizes(n) ?? [])
    k.region("evaluate", () => {
      measurement?.forward(inference(k), state, given(size, []));
      return null;
    });
  const { params, buffers, optimizer, average, lossScale } = state;
  k.donate([read, optimizer, average, lossScale]);
  return { params, buffers };
}
