/** `deit bench loader`: how fast batches are made, without a training that takes them. */
import { checkSettings } from "../../data/augment/checkSettings.ts";
import { digestOfBatch } from "../../data/loader/digest.ts";
import type { HostBatch } from "../../data/loader/batch.ts";
import { openLoader, type Loader } from "../../data/loader/loader.ts";
import { inOrder, type BatchRequest } from "../../data/loader/sampler.ts";
import type { Dataset } from "../../data/sources/dataset.ts";
import { openDataset } from "../../data/sources/open.ts";
import { median, quantile } from "../../bench/statistics.ts";
import { recipeValues, type DraftedRecipe } from "../../recipe/recipe.ts";
import { fold, keyOf } from "../../tensor/key.ts";
import { print, printJson, say, table } from "../output.ts";
import type { BenchOptions } from "./options.ts";

/** The images of a batch, as one of the authors' GPUs had them, unless the set has fewer. */
const BATCH = 64;
/** Batches before the measurement, while workers start and the ring is filled. */
const WARM = 4;

/** Batches of the set's images in order, epoch after epoch. */
function* epochs(count: number, batch: number): Generator<BatchRequest, void> {
  for (let epoch = 0; ; epoch++) for (const { views } of inOrder(count, batch)) if (views.length === batch) yield { epoch, views };
}

/** The loader of a recipe's training images; without repeated augmentation, so that every image counts once. */
const loaderOf = ({ data, model, seed }: DraftedRecipe["draft"], dataset: Dataset, batch: number, workers: number): Loader =>
  openLoader({
    dataset,
    job: { kind: "augment", key: fold(keyOf(seed), "student"), settings: data },
    batch,
    side: model.imageSize,
    normalisation: data,
    workers,
    onReplaced: say,
  });

/** Images a second, batch by batch. */
async function rates(batches: AsyncIterable<HostBatch>, repetitions: number): Promise<readonly number[]> {
  const found: number[] = [];
  let [made, last] = [0, performance.now()];
  for await (const { labels } of batches) {
    const now = performance.now();
    if (++made > WARM) found.push((1000 * labels.length) / (now - last));
    last = now;
    if (found.length === repetitions) break;
  }
  return found;
}

/** A digest of each batch. */
async function digests(batches: AsyncIterable<HostBatch>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const batch of batches) found.push(digestOfBatch(batch));
  return found;
}

/**
 * Times the loader, or prints the digests of an epoch in the set's order.
 *
 * @throws RangeError for a recipe or data that cannot be used
 */
export async function loader(options: BenchOptions): Promise<void> {
  const { recipe: name, data, workers, repetitions, json = false } = options;
  const { draft: recipe } = recipeValues(name);
  const { channels, imageSize: side, classes } = recipe.model;
  checkSettings(recipe.data, channels, side);
  const dataset = openDataset(data, { channels, side, classes });
  const batch = Math.min(BATCH, dataset.count);
  const made = loaderOf(recipe, dataset, batch, workers);
  try {
    if (options.digest === true) return printDigests(await digests(made.batches(inOrder(dataset.count, batch))), workers, json);
    const found = await rates(made.batches(epochs(dataset.count, batch)), repetitions);
    const rate = (q: number): string => quantile(found, q).toFixed(0);
    const ms = made.times();
    if (json) return printJson({ what: "loader", imagesPerSecond: median(found), workers, ms });
    print(`${data} by recipe ${name}, ${workers} worker${workers === 1 ? "" : "s"}: ${rate(1 / 2)} images/s (${rate(0)} … ${rate(1)})`);
    for (const line of table(
      [["ms an image", ""], ...Object.entries(ms).map(([part, time]) => [part, time.toFixed(2)])],
      ["left", "right"],
    ))
      print(line);
  } finally {
    await made.close();
    dataset.close();
  }
}

function printDigests(found: readonly string[], workers: number, json: boolean): void {
  if (json) return printJson({ what: "loader", workers, digests: found });
  for (const [i, digest] of found.entries()) print(`batch ${i}: ${digest}`);
}
