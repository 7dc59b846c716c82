/** ImageNet's 1,281,167 training images as empty members of a hundred shards: the index stays small. Times are printed, not asserted. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { imageNetClasses } from "../../../src/data/images/imagenet.ts";
import { writeIndex } from "../../../src/data/index/indexFile.ts";
import { datasetFrom } from "../../../src/data/sources/from.ts";
import { openDataset } from "../../../src/data/sources/open.ts";
import { memberOf } from "../../io/tarFiles.ts";

const IMAGES = 1_281_167;
const SHARDS = 100;
const BLOCK = 512;
const MOST_BYTES = 200_000_000;
const shape = { channels: 3, side: 224, classes: 1000 };
const folder = mkdtempSync(join(tmpdir(), "deit-imagenet-"));
const text = join(folder, "train-{00000..00099}.tar");

const synsets = imageNetClasses().map(({ synset }) => synset);
const nameOf = (i: number): string => {
  const synset = synsets[i % synsets.length] ?? "";
  return `${synset}/${synset}_${`${i}`.padStart(7, "0")}.JPEG`;
};

/** The archive of images `first` … `end − 1`: one header with changing names, as a header for each from nothing would take minutes. */
function shardOf(first: number, end: number): Uint8Array {
  const shard = Buffer.alloc((end - first + 2) * BLOCK);
  const header = Buffer.from(memberOf({ name: "", content: new Uint8Array(0) }));
  const without = Buffer.from(header).fill(0x20, 148, 156).reduce((sum, byte) => sum + byte, 0); // prettier-ignore
  for (let i = first, at = 0; i < end; i++, at += BLOCK) {
    const name = nameOf(i);
    header.copy(shard, at);
    shard.write(name, at, "latin1");
    let sum = without;
    for (let j = 0; j < name.length; j++) sum += name.charCodeAt(j);
    shard.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
  return shard;
}

beforeAll(() => {
  const first = (shard: number): number => Math.floor((shard * IMAGES) / SHARDS);
  for (let s = 0; s < SHARDS; s++) writeFileSync(join(folder, `train-${`${s}`.padStart(5, "0")}.tar`), shardOf(first(s), first(s + 1)));
}, 120_000); // a slow disk

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** Runs and prints the time that it took. */
async function timed<T>(what: string, run: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await run();
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(2)} s, resident ${megabytes(process.memoryUsage().rss)}`);
  return result;
}

it("1,281,167 images have an index of at most 200 MB, which two threads share", async () => {
  const path = join(folder, "data.index");
  const set = await timed("indexed", () => openDataset(text, shape));
  if (set.handle.kind !== "photographs") throw new Error("shards are photographs");
  const { index } = set.handle;
  await timed("written", () => writeIndex(path, index));
  const again = await timed("opened again", () => openDataset(text, shape, path));
  const workers = await timed("opened for two workers", () => [1, 2].map(() => datasetFrom(structuredClone(again.handle))));
  console.log(`the columns of the index take ${megabytes(index.columns.byteLength)}`);

  expect(index.columns.byteLength).toBeLessThanOrEqual(MOST_BYTES);
  expect([set.count, again.digest]).toEqual([IMAGES, set.digest]);
  for (const one of [set, again, ...workers])
    for (const i of [0, 1, 999, 1000, 640_583, IMAGES - 1])
      expect([one.label(i), one.nameOf(i).replace(/.*: /, "")]).toEqual([i % synsets.length, nameOf(i)]);
});
