import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { pngOf, pngOfRgb } from "../../src/io/png.ts";

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
  readonly crc: number;
}

/** The chunks after the signature. */
function chunksOf(png: Uint8Array): readonly Chunk[] {
  const bytes = Buffer.from(png);
  const chunks: Chunk[] = [];
  for (let at = 8; at < bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    chunks.push({ name: bytes.toString("latin1", at + 4, at + 8), data: bytes.subarray(at + 8, end), crc: bytes.readUInt32BE(end) });
    at = end + 4;
  }
  return chunks;
}

const dataOf = (png: Uint8Array, name: string): Buffer => chunksOf(png).find((chunk) => chunk.name === name)?.data ?? Buffer.alloc(0);

const grey = Float64Array.of(0, 0.5, 1, 2);
const red = Float64Array.of(1, 0, 0, 0, /* green */ 0, 1, 0, 0, /* blue */ 0, 0, 1, -1);

describe("a PNG", () => {
  it("has its signature and its chunks in order", () => {
    const png = pngOf(grey, 2);
    expect(Buffer.from(png).toString("latin1", 0, 8)).toBe("\u0089PNG\r\n\u001A\n");
    expect(chunksOf(png).map(({ name }) => name)).toEqual(["IHDR", "IDAT", "IEND"]);
  });

  it("ends with the checksum that every PNG ends with", () => {
    expect(chunksOf(pngOf(grey, 2)).at(-1)?.crc).toBe(0xae426082);
  });

  it("of one channel is grey, and values above full scale are white", () => {
    const png = pngOf(grey, 2);
    expect([...dataOf(png, "IHDR")]).toEqual([0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0]);
    expect([...inflateSync(dataOf(png, "IDAT"))]).toEqual([0, 0, 128, 0, 255, 255]);
  });

  it("of three channels is coloured, and values below 0 are black", () => {
    const png = pngOf(red, 2);
    expect([...dataOf(png, "IHDR")]).toEqual([0, 0, 0, 2, 0, 0, 0, 2, 8, 2, 0, 0, 0]);
    expect([...inflateSync(dataOf(png, "IDAT"))]).toEqual([0, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0, 0]);
  });

  it("of two channels shows the first", () => {
    expect([...inflateSync(dataOf(pngOf(Float64Array.of(1, 0, 0, 1, 1, 1, 1, 1), 2), "IDAT"))]).toEqual([0, 255, 0, 0, 0, 255]);
  });

  it("of a coloured image has its rows one after the other, and may be wider than high", () => {
    const png = pngOfRgb(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), 3, 1);
    expect([...dataOf(png, "IHDR")]).toEqual([0, 0, 0, 3, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
    expect([...inflateSync(dataOf(png, "IDAT"))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(() => pngOfRgb(new Uint8Array(8), 3, 1)).toThrow("pngOfRgb: 3 × 1 pixels have 9 bytes, got 8");
  });
});
