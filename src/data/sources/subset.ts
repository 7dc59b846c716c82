/** A subset of a data set. */
import { createHash } from "node:crypto";
import { fold, permutation, type Key } from "../../tensor/key.ts";
import type { Dataset } from "./dataset.ts";

/** At most `most` indices of 0 … count − 1, evenly spaced, since sets are often sorted by class. */
export const spread = (count: number, most: number): readonly number[] =>
  Array.from({ length: Math.min(count, most) }, (_, i) => Math.floor((i * count) / Math.min(count, most)));

/**
 * The indices of `most` images, as many of each class as of any other as far as there are any, in ascending order. The first of a permutation of each class:
 * of the same key, fewer images are among more.
 *
 * @throws RangeError if there are not so many
 */
export function balanced({ name, count, classes, label }: Dataset, most: number, key: Key): readonly number[] {
  if (most > count) throw new RangeError(`data: ${name} has ${count} images, ${most} were asked for`);
  const ofClass: number[][] = classes.map(() => []);
  for (let i = 0; i < count; i++) ofClass[label(i)]?.push(i);
  const ranked = ofClass.flatMap((images, c) =>
    permutation(fold(key, c), images.length).map((i, rank) => ({ image: images[i] ?? 0, rank })),
  );
  return ranked
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ image }) => image)
    .toSorted((a, b) => a - b);
}

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
