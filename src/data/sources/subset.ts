/** A subset of a data set. */
import { createHash } from "node:crypto";
import type { Dataset } from "./dataset.ts";

/** At most `most` indices of 0 … count − 1, evenly spaced, since sets are often sorted by class. */
export const spread = (count: number, most: number): readonly number[] =>
  Array.from({ length: Math.min(count, most) }, (_, i) => Math.floor((i * count) / Math.min(count, most)));

/** The images with these indices, in this order. `samples` is in shared memory. */
export function sharedSubset(dataset: Dataset, samples: Uint32Array): Dataset {
  const of = (i: number): number => samples[i] ?? 0;
  return {
    ...dataset,
    count: samples.length,
    label: (i) => dataset.label(of(i)),
    image: (i) => dataset.image(of(i)),
    open: (i) => dataset.open(of(i)),
    nameOf: (i) => dataset.nameOf(of(i)),
    handle: { kind: "subset", of: dataset.handle, samples },
    digest: createHash("sha256").update(`subset ${dataset.digest} `).update(samples).digest("hex"),
  };
}

/** The images with these indices, in this order. */
export function subset(dataset: Dataset, samples: readonly number[]): Dataset {
  const shared = new Uint32Array(new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT * samples.length));
  shared.set(samples);
  return sharedSubset(dataset, shared);
}
