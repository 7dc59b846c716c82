/** Repeated augmentation: which views of which images the sampler gives. */
import { fold, keyOf } from "deit";
import { trainingOrder, viewsPerReplica, type View } from "../../../src/data/loader/sampler.ts";

/** A small set, cut to whole units of 256 as the authors' sampler does. */
export const IMAGES = 512;
/** The views of each replica that are shown. */
export const SHOWN = 6;

/** What the reader chooses. */
export interface RepeatChoice {
  readonly seed: number;
  readonly epoch: number;
  /** How often an epoch shows an image. */
  readonly repeats: number;
  /** R. */
  readonly replicas: number;
}

/** The first batch of an epoch, and what the epoch sees in all. */
export interface Sampled {
  /** The views of each replica in the first batch. */
  readonly replicas: readonly (readonly View[])[];
  readonly stepsPerEpoch: number;
  /** How many views, and of how many different images, an epoch has. */
  readonly views: number;
  readonly distinct: number;
}

/** What the sampler gives. */
export function sampled({ seed, epoch, repeats, replicas }: RepeatChoice): Sampled {
  const batch = SHOWN * replicas;
  const settings = { repeats, replicas, batch };
  const { stepsPerEpoch, request } = trainingOrder(fold(keyOf(seed), "student"), { name: "set", count: IMAGES }, settings);
  const views = Array.from({ length: stepsPerEpoch }, (_, i) => request(epoch * stepsPerEpoch + i).views);
  const first = views[0] ?? [];
  return {
    replicas: Array.from({ length: replicas }, (_, r) => first.slice(r * SHOWN, (r + 1) * SHOWN)),
    stepsPerEpoch,
    views: viewsPerReplica(IMAGES, settings) * replicas,
    distinct: new Set(views.flat().map(({ sample }) => sample)).size,
  };
}
