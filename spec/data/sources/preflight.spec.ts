import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../src/data/sources/open.ts";
import { preflight } from "../../../src/data/sources/preflight.ts";
import { spread } from "../../../src/data/sources/subset.ts";
import { crc32 } from "../../../src/io/crc32.ts";
import { sourceOf } from "../images/samples.ts";
import { archiveOf, bytesOf, folderOf, shardsOf, type Content, type Files } from "./files.ts";

const shape = { channels: 3, side: 64, classes: 2 };
const FILES: Files = [["a/1.png", "rgba.png"], ["b/2.png", "palette.png"]]; // prettier-ignore

/** A chunk of a PNG file. */
function chunk(type: string, data: Uint8Array): readonly number[] {
  const body = Uint8Array.from([...bytesOf(type), ...data]);
  const word = (n: number): readonly number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
  return [...word(data.length), ...body, ...word(crc32(body))];
}

/** A grey PNG file that claims this size. */
function bomb(side: number): Uint8Array {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, side);
  new DataView(header.buffer).setUint32(4, side);
  header[8] = 8;
  const pixels = deflateSync(new Uint8Array(1000));
  return Uint8Array.from([
    137,
    80,
    78,
    71,
    13,
    10,
    26,
    10,
    ...chunk("IHDR", header),
    ...chunk("IDAT", pixels),
    ...chunk("IEND", new Uint8Array(0)),
  ]);
}

const truncated = sourceOf("landscape.jpg").subarray(0, 2000);

describe("preflight", () => {
  it.each([
    ["a folder", folderOf],
    ["an archive", archiveOf],
    ["shards", (files: Files) => shardsOf(files)],
  ])("decodes all images of a small set in %s", async (_, made) => {
    const set = openDataset(made(FILES), shape);
    expect((await preflight(set, 100)).samples()).toEqual([]);
    set.close();
  });

  it.each<readonly [what: string, content: Content, message: string]>([
    ["a truncated JPEG", truncated, "is a JPEG image that cannot be decoded: "],
    ["a text file named .jpg", bytesOf("# Photographs"), "is not a JPEG, PNG or WebP image: it begins with the bytes 23 20"],
    ["an empty file", new Uint8Array(0), "the file is empty, not a JPEG, PNG or WebP image"],
    ["a PNG of 30,000 × 30,000", bomb(30_000), "is an image of 30000×30000 pixels; at most 178956970 pixels can be opened"],
  ])("refuses a small set with %s, in one line", async (_, content, message) => {
    for (const path of [folderOf([...FILES, ["b/x.jpg", content]]), archiveOf([...FILES, ["b/x.jpg", content]])]) {
      const set = openDataset(path, shape);
      const failure: unknown = await preflight(set, 100).catch((error: unknown) => error);
      set.close();
      expect(failure).toBeInstanceOf(RangeError);
      expect(String(failure)).toContain(`data: 1 of 3 images is corrupt, more than 1 %: ${path}: b/x.jpg: ${message}`);
      expect(String(failure)).not.toContain("\n");
    }
  });

  it("names all corrupt images that it finds", async () => {
    const path = folderOf([...FILES, ["a/x.jpg", truncated], ["b/y.jpg", bytesOf("#")]]);
    await expect(preflight(openDataset(path, shape), 100)).rejects.toThrow(
      new RegExp(`data: 2 of 4 images are corrupt, more than 1 %: .*a/x.jpg: .*; .*b/y.jpg: `),
    );
  });

  it("tolerates 1 % of a larger set, and returns what it has found", async () => {
    const many = Array.from({ length: 99 }, (_, i): Files[number] => [`${i % 2}/${i}.png`, "one_px_wide.png"]);
    const path = folderOf([...many, ["0/x.jpg", bytesOf("#")]]);
    const tally = await preflight(openDataset(path, shape), 100);
    expect(tally.samples().map(({ message }) => message)).toEqual([
      `${path}: 0/x.jpg: is not a JPEG, PNG or WebP image: it begins with the bytes 23`,
    ]);
  });

  it("decodes no more images than it is asked to", async () => {
    const set = openDataset("synthetic:1000", shape);
    const seen: number[] = [];
    await preflight({ ...set, image: (i) => (seen.push(i), set.image(i)) }, 10);
    expect(seen).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(seen).toEqual(spread(1000, 10));
  });
});
