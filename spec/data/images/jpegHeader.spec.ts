/** The size of a JPEG image from its frame header, against sharp's, and which files are whole. */
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { endsAsJpeg, jpegHeader } from "../../../src/data/images/jpegHeader.ts";
import { described, sourceOf } from "./samples.ts";

const names = described.sources.map(({ name }) => name).filter((name) => name.endsWith(".jpg"));

describe("jpegHeader", () => {
  it.each(names)("of %s says what sharp says", async (name) => {
    const { width, height, channels } = await sharp(sourceOf(name), { autoOrient: false }).metadata();
    expect(jpegHeader(sourceOf(name))).toEqual({ width, height, components: channels, bits: 8 });
  });

  it.each(names)("of %s cut anywhere is the same, or missing", (name) => {
    const bytes = sourceOf(name);
    const cut = (length: number): string => JSON.stringify(jpegHeader(bytes.subarray(0, length)));
    const found = Array.from({ length: bytes.length }, (_, length) => cut(length));
    expect([...new Set(found)]).toEqual(["null", JSON.stringify(jpegHeader(bytes))]);
    expect(found.lastIndexOf("null")).toBe(found.findIndex((header) => header !== "null") - 1); // once it is there, it stays
  });

  const segment = (marker: number, ...content: readonly number[]): readonly number[] => [0xff, marker, 0, content.length + 2, ...content];
  const start = [0xff, 0xd8];
  const frame = segment(0xc0, 8, 0, 3, 0, 5, 1, 1, 0x11, 0);
  const header = { width: 5, height: 3, components: 1, bits: 8 };

  it.each([
    ["after other segments", [...start, ...segment(0xe0, 1, 2, 3), ...frame], header],
    ["after fill bytes", [...start, 0xff, 0xff, ...frame], header],
    ["after tables, whose marker lies among those of frames", [...start, ...segment(0xc4, ...frame), ...frame], header],
    ["not inside another segment", [...start, ...segment(0xe1, ...frame)], null],
    ["not where a marker is missing", [...start, 0, ...frame], null],
    ["not in a file that ends inside it", [...start, ...frame.slice(0, 9)], null],
    ["not after a segment that leads beyond the end", [...start, 0xff, 0xe0, 0xff, 0xff, ...frame], null],
    ["not in an empty file", [], null],
  ])("is found %s", (_, bytes, expected) => {
    expect(jpegHeader(Uint8Array.from(bytes))).toEqual(expected);
  });
});

describe("endsAsJpeg", () => {
  it.each(names)("holds for %s, with bytes behind its end too, and for nothing shorter", (name) => {
    const bytes = sourceOf(name);
    expect(endsAsJpeg(bytes)).toBe(true);
    expect(endsAsJpeg(Uint8Array.from([...bytes, ...new Uint8Array(20)]))).toBe(true);
    const shorter = Array.from({ length: 400 }, (_, i) => bytes.subarray(0, Math.floor((i * bytes.length) / 400)));
    expect([...shorter, bytes.subarray(0, -1)].filter(endsAsJpeg)).toEqual([]);
  });
});
