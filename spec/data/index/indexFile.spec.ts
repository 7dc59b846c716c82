import fc from "fast-check";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ImageIndex } from "../../../src/data/index/imageIndex.ts";
import { readIndex, writeIndex } from "../../../src/data/index/indexFile.ts";
import { openDataset } from "../../../src/data/sources/open.ts";
import type { Dataset } from "../../../src/data/sources/dataset.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { archiveOf, fingerprints, folderOf, listed, shardsOf, writeFiles, type Files } from "../sources/files.ts";
import { ARCHIVES, entries, FOLDER, indexFrom } from "./sampleIndex.ts";

const newPath = (): string => join(temporaryFolder(), "data.index");

/** An index with its columns as plain bytes, so that two can be compared. */
const plain = (index: ImageIndex): unknown => ({ ...index, columns: [...new Uint8Array(index.columns)] });

describe("an index that is written and read", () => {
  it("is the same", async () => {
    const path = newPath();
    await fc.assert(
      fc.asyncProperty(entries, fc.constantFrom(ARCHIVES, FOLDER), async (images, origin) => {
        const index = indexFrom(images, origin);
        await writeIndex(path, index);
        expect(plain(readIndex(path))).toEqual(plain(index));
      }),
    );
  });

  it("gives equal bytes for equal indices", async () => {
    const [one, other] = [newPath(), newPath()];
    const images = [{ name: "cat/1.jpg", label: 0, shard: 1, begin: 1024, length: 7 }];
    await writeIndex(one, indexFrom(images, ARCHIVES));
    await writeIndex(other, indexFrom(images, ARCHIVES));
    expect(readFileSync(one)).toEqual(readFileSync(other));
  });

  it("is in shared memory, so that workers need no copy", async () => {
    const path = newPath();
    await writeIndex(path, indexFrom([{ name: "x", label: 0, shard: 0, begin: 0, length: 0 }], ARCHIVES));
    expect(readIndex(path).columns).toBeInstanceOf(SharedArrayBuffer);
  });
});

describe("readIndex refuses", () => {
  const images = ["cat/1.jpg", "dog/2.jpg", "猫/3.jpg"].map((name, i) => ({ name, label: i, shard: i % 2, begin: 512 * i, length: i }));
  const refused = (path: string, bytes: Uint8Array): unknown => {
    writeFileSync(path, bytes);
    try {
      readIndex(path);
      return null;
    } catch (error) {
      return error;
    }
  };
  const written = async (path: string): Promise<Uint8Array> => {
    await writeIndex(path, indexFrom(images, ARCHIVES));
    return Uint8Array.from(readFileSync(path));
  };
  /** Whether the error is the one line for a damaged index. */
  const isOneLine = (path: string, error: unknown): boolean =>
    error instanceof RangeError && error.message.startsWith(`data: ${path} is damaged: `) && !error.message.includes("\n");

  it("a file that is cut off, at every byte", async () => {
    const path = newPath();
    const bytes = await written(path);
    const errors = Array.from(bytes, (_, length) => refused(path, bytes.subarray(0, length)));
    expect(errors.filter((error) => !isOneLine(path, error))).toEqual([]);
  });

  it("a file with any bit flipped", async () => {
    const path = newPath();
    const bytes = await written(path);
    const errors = Array.from(bytes, (_, at) => refused(path, bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)))));
    expect(errors.filter((error) => !isOneLine(path, error))).toEqual([]);
  });

  it("a file with something after its end", async () => {
    const path = newPath();
    const error = refused(path, Uint8Array.from([...(await written(path)), 0]));
    expect(isOneLine(path, error)).toBe(true);
  });

  /** The file with other JSON or columns, and a digest that fits. */
  function forged(bytes: Uint8Array, change: (header: string, columns: Uint8Array) => string): Uint8Array {
    const length = new DataView(bytes.buffer).getUint32(12, true);
    const columns = bytes.slice(16 + Math.ceil(length / 8) * 8, -32);
    const header = new TextEncoder().encode(change(new TextDecoder().decode(bytes.subarray(16, 16 + length)), columns));
    const out = new Uint8Array(16 + Math.ceil(header.length / 8) * 8 + columns.length);
    out.set(bytes.subarray(0, 16));
    new DataView(out.buffer).setUint32(12, header.length, true);
    out.set(header, 16);
    out.set(columns, out.length - columns.length);
    return Uint8Array.from([...out, ...createHash("sha256").update(out).digest()]);
  }

  it.each<readonly [what: string, message: string, change: (header: string, columns: Uint8Array) => string]>([
    ["a header that is no JSON", "in JSON at position", () => "{x}"],
    ["a header that is a list", "its header needs one object", () => "[]"],
    ["a count that is a text", 'its header needs a whole number "count"', (header) => header.replace('"count":3', '"count":"3"')],
    ["a count that is too large", "it has no room for 9000 images", (header) => header.replace('"count":3', '"count":9000')],
    ["a count that is too small", "the label of its image 1 is none of 3 classes", (header) => header.replace('"count":3', '"count":2')],
    ["a kind that is unknown", 'its header needs "archives" or "folder"', (header) => header.replace('"kind":"archives"', '"kind":"zip"')],
    ["no text", 'its header needs a text "text"', (header) => header.replace('"text"', '"Text"')],
    ["classes that are numbers", "its header needs classes that are texts", (header) => header.replace('["cat",', "[1,")],
    ["too few classes", "the label of its image 1 is none of 1 classes", (header) => header.replace('"cat","dog",', "")],
    ["an archive without a size", 'its header needs a whole number "size"', (header) => header.replace('"size"', '"Size"')],
    ["a place outside the archive", "its image 2 is outside its archive", (header, columns) => (columns.fill(0xff, 16, 22), header)],
    ["an archive that does not exist", "its image 0 is outside its archive", (header, columns) => (columns.fill(9, 48, 49), header)],
    ["names that overlap", "the name of its image 1 ends before it begins", (header, columns) => (columns.fill(200, 72, 73), header)],
    ["names that are too short", "its names have another length than it states", (header, columns) => (columns.fill(29, 80, 81), header)],
  ])("%s, even if its digest fits", async (_, message, change) => {
    const path = newPath();
    const error = refused(path, forged(await written(path), change));
    expect(isOneLine(path, error)).toBe(true);
    expect(String(error)).toContain(message);
  });

  it("another kind of file, and one of another version", async () => {
    const path = newPath();
    const bytes = await written(path);
    expect(String(refused(path, new Uint8Array(100)))).toContain("it is not an index of images");
    bytes[8] = 2;
    expect(String(refused(path, bytes))).toContain("its version must be 1, got 2");
  });

  it("a file that is not there", () => {
    expect(() => readIndex("nowhere.index")).toThrow("ENOENT");
  });
});

const shape = { channels: 3, side: 64, classes: 2 };
const FILES: Files = [["train/a/1.png", "rgba.png"], ["train/b/2.png", "palette.png"], ["val/a/3.png", "rgba.png"], ["val/b/4.png", "rgba.png"]]; // prettier-ignore

/** Opens a set, and writes its index. */
async function kept(text: string): Promise<{ readonly set: Dataset; readonly index: string }> {
  const set = openDataset(text, shape);
  if (set.handle.kind !== "photographs") throw new Error(`${text} has no index`);
  const path = newPath();
  await writeIndex(path, set.handle.index);
  return { set, index: path };
}

/** Whole seconds long ago, so that a change is seen whatever the file system's clock. */
const past = (path: string): void => utimesSync(path, 1_000_000_000, 1_000_000_000);

describe("a set that is opened by its index", () => {
  it.each([
    ["a folder", folderOf],
    ["an archive", archiveOf],
    ["shards", (files: Files) => shardsOf(files, files)],
  ])("of %s is the same", async (_, made) => {
    const text = `${made(FILES)}:train`;
    const { set, index } = await kept(text);
    const again = openDataset(text, shape, index);
    expect([again.name, again.classes, again.digest, listed(again)]).toEqual([set.name, set.classes, set.digest, listed(set)]);
    expect(await fingerprints(again)).toEqual(await fingerprints(set));
    for (const one of [set, again]) one.close();
  });

  it("is refused if an archive has another size or time, or is gone", async () => {
    const text = shardsOf(FILES, FILES);
    const { index } = await kept(text);
    const second = join(dirname(text), "1.tar");
    const { size, mtime } = statSync(second);
    const expectRefusal = (change: string): void =>
      expect(() => openDataset(text, shape, index)).toThrow(
        `data: ${text}: the images have changed since they were indexed: ${change}; remove ${index}, and it is made again`,
      );
    past(second);
    expectRefusal(`${second} has been modified`);
    writeFileSync(second, Uint8Array.from([...readFileSync(second), ...new Uint8Array(512)]));
    utimesSync(second, mtime, mtime);
    expectRefusal(`${second} had ${size} bytes, it has ${size + 512}`);
    rmSync(second);
    expectRefusal(`${second} is gone`);
  });

  it.each<readonly [what: string, change: (path: string) => void, message: (path: string) => string]>([
    [
      "gets a file",
      (path) => writeFiles(path, [["train/a/9.png", "rgba.png"]]),
      (path) => `files were added to ${path}/train/a, removed or renamed`,
    ],
    ["loses a file", (path) => rmSync(join(path, "train/a/1.png")), (path) => `files were added to ${path}/train/a, removed or renamed`],
    [
      "has a file renamed",
      (path) => renameSync(join(path, "train/a/1.png"), join(path, "train/a/0.png")),
      (path) => `files were added to ${path}/train/a, removed or renamed`,
    ],
    ["gets a class", (path) => mkdirSync(join(path, "train/c")), (path) => `files were added to ${path}/train, removed or renamed`],
    ["gets a split", (path) => mkdirSync(join(path, "test")), (path) => `files were added to ${path}, removed or renamed`],
    [
      "loses a class",
      (path) => rmSync(join(path, "train/a"), { recursive: true }),
      (path) => `files were added to ${path}/train, removed or renamed`,
    ],
  ])("is refused if its folder %s", async (_, change, message) => {
    const path = folderOf(FILES);
    for (const folder of ["", "train", "train/a", "train/b", "val", "val/a"]) past(join(path, folder));
    const { index } = await kept(`${path}:train`);
    change(path);
    expect(() => openDataset(`${path}:train`, shape, index)).toThrow(
      `data: ${path}:train: the images have changed since they were indexed: ${message(path)}; remove ${index}, and it is made again`,
    );
  });

  it("is accepted if only another split has changed, or the content of a file", async () => {
    const path = folderOf(FILES);
    const { index } = await kept(`${path}:train`);
    writeFiles(path, [["val/a/9.png", "rgba.png"], ["train/a/1.png", "palette.png"]]); // prettier-ignore
    const set = openDataset(`${path}:train`, shape, index);
    const [first, second] = await fingerprints(set);
    expect(first).toBe(second);
  });

  it("is refused for another text or another number of classes", async () => {
    const path = folderOf(FILES);
    const { index } = await kept(`${path}:train`);
    expect(() => openDataset(`${path}:val`, shape, index)).toThrow(`data: ${path}:val: the index that was kept is that of ${path}:train; `);
    expect(() => openDataset(`${path}:train`, { ...shape, classes: 3 }, index)).toThrow(
      `data: ${path}:train: the index that was kept has 2 classes, the model has 3; remove ${index}, and it is made again`,
    );
  });
});
