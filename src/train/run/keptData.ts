/**
 * What a run keeps of its images, so that it notices when they are no longer the same as it is resumed, and need not list them again.
 *
 *   data/train.index, data/test.index       image files: the index
 *   data/train.sha256, data/test.sha256     binary CIFAR: the digest of all its bytes
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeIndex } from "../../data/index/indexFile.ts";
import { handleBehind, type Dataset, type DataShape } from "../../data/sources/dataset.ts";
import { openDataset } from "../../data/sources/open.ts";
import { writeDurably } from "../../io/disk/durable.ts";

/** The training images or the test images. */
export type Which = "train" | "test";

const pathOf = (directory: string, which: Which, ending: "index" | "sha256"): string => join(directory, "data", `${which}.${ending}`);

/** Keeps the index or the digest of a set in the run's folder, unless it is there already. */
export async function keepData(directory: string, which: Which, dataset: Dataset): Promise<void> {
  const handle = handleBehind(dataset.handle);
  if (handle.kind !== "photographs" && handle.kind !== "records") return;
  const path = pathOf(directory, which, handle.kind === "photographs" ? "index" : "sha256");
  if (existsSync(path)) return;
  await mkdir(join(directory, "data"), { recursive: true });
  await (handle.kind === "photographs" ? writeIndex(path, handle.index) : writeDurably(path, `${handle.digest}\n`));
}

/**
 * Opens a set of a run that is resumed, by the index that was kept.
 *
 * @throws RangeError, one line, for images that are not those of the run, and whatever `openDataset` throws
 */
export function openKept(directory: string, which: Which, text: string, shape: DataShape): Dataset {
  const [index, sha256] = [pathOf(directory, which, "index"), pathOf(directory, which, "sha256")];
  const dataset = openDataset(text, shape, existsSync(index) ? index : null);
  const handle = handleBehind(dataset.handle);
  if (handle.kind !== "records" || !existsSync(sha256) || readFileSync(sha256, "utf8").trim() === handle.digest) return dataset;
  dataset.close();
  throw new RangeError(`data: ${text}: the images have changed since the run began: ${sha256} is no longer their SHA-256`);
}
