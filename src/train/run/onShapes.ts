/** A training on shapes alone, from which an engine learns how much memory it needs. */
import type { Erased } from "../../data/loader/batch.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { inference } from "../../ops/observe.ts";
import { keyOf } from "../../tensor/key.ts";
import { drawMixes, type Mix, type MixingSettings } from "../mixing/drawMix.ts";
import { trainStep, type Batch } from "../step/step.ts";
import { normalisedImages } from "../step/uploadBatch.ts";
import { initialState, type Model } from "./state.ts";
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

/**
 * A training on shapes alone, for the plan of its memory: steps on n images, unmixed and mixed in each way, then an evaluation. There are at least
 * two steps, since the state that the first returns differs in sizes from the one that it began with. Consumes the model and returns the trained one.
 */
export function trainingOnShapes<P, B, S>(
  k: Kernels,
  { task, training, dataset: { channels }, side, data, key, mixing, measurement }: Omit<Training<P, B, S>, "initial">,
  model: Model<P, B>,
  n: number,
): Model<P, B> {
  const settings = { ...training, lr: 0, emaDecay: training.emaDecay ?? 0 };
  const erased = [{ image: 0, top: 0, left: 0, h: 1, w: 1, noise: new Float32Array(channels) }];
  const batchOf = (size: number, erased: readonly Erased[], mixes: readonly Mix[]): Batch => {
    const images = k.region("upload", () => normalisedImages(k, k.zeros([size, channels, side, side]), data, erased));
    return { images, labels: k.zeros([size]), mixes };
  };
  let state = initialState(k, training, model);
  for (const mixes of [[], ...everyMix(mixing, n), []]) {
    const batch = batchOf(n, erased, mixes);
    const { state: next, loss } = trainStep(k, task, state, batch, key, settings);
    k.donate([loss, batch]);
    state = next;
  }
  for (const size of measurement?.sizes(n) ?? [])
    k.region("evaluate", () => {
      measurement?.forward(inference(k), state, batchOf(size, [], []));
      return null;
    });
  const { params, buffers, optimizer, average, lossScale } = state;
  k.donate([optimizer, average, lossScale]);
  return { params, buffers };
}
