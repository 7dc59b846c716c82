/** Images as PNG (ISO/IEC 15948), 8 bits a channel, unfiltered. */
import { zlibSync } from "fflate";
import { crc32 } from "./crc32.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const FULL = 255;
/** The colour types of the header, and their numbers of channels. */
const GREY = { type: 0, channels: 1 };
const RGB = { type: 2, channels: 3 };

const word = (n: number): readonly number[] => [n >>> 24, (n >>> 16) & FULL, (n >>> 8) & FULL, n & FULL];

const joined = (parts: readonly ArrayLike<number>[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

function chunk(name: string, data: Uint8Array): Uint8Array {
  const named = joined([Uint8Array.from(name, (letter) => letter.charCodeAt(0)), data]);
  return joined([word(data.length), named, word(crc32(named))]);
}

/** Encodes rows of pixels, each `width` bytes a channel; full scale is 255. */
function encoded({ type, channels }: typeof RGB, bytes: Uint8Array, width: number, height: number): Uint8Array {
  const line = channels * width;
  const rows = new Uint8Array(height * (1 + line)); // a row begins with its filter, 0: none
  for (let row = 0; row < height; row++) rows.set(bytes.subarray(row * line, (row + 1) * line), row * (1 + line) + 1);
  const header = Uint8Array.of(...word(width), ...word(height), 8, type, 0, 0, 0); // 8 bits; deflated, unfiltered, not interlaced
  const chunks = [chunk("IHDR", header), chunk("IDAT", zlibSync(rows)), chunk("IEND", new Uint8Array())];
  return joined([SIGNATURE, ...chunks]);
}

/**
 * Encodes a colour image as PNG.
 *
 * @param rgb rows of pixels, three bytes each
 * @throws RangeError unless there are three bytes for every pixel
 */
export function pngOfRgb(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const expected = RGB.channels * width * height;
  if (rgb.length !== expected) throw new RangeError(`pngOfRgb: ${width} × ${height} pixels have ${expected} bytes, got ${rgb.length}`);
  return encoded(RGB, rgb, width, height);
}

/** Encodes a square image [C, S, S] with values in [0, 1] as PNG: in colour if it has three channels, else its first channel in grey. */
export function pngOf(pixels: Float64Array, side: number): Uint8Array {
  const area = side ** 2;
  const format = pixels.length === RGB.channels * area ? RGB : GREY;
  const bytes = Uint8Array.from({ length: format.channels * area }, (_, at) => {
    const value = pixels[(at % format.channels) * area + Math.floor(at / format.channels)] ?? 0;
    return Math.round(FULL * Math.min(1, Math.max(0, value)));
  });
  return encoded(format, bytes, side, side);
}

/** A PNG as the address of an image, which needs no other file. */
export const pngAddress = (png: Uint8Array): string =>
  `data:image/png;base64,${btoa(Array.from(png, (byte) => String.fromCharCode(byte)).join(""))}`;
