/** Images as PNG (ISO/IEC 15948), 8 bits a channel, unfiltered. */
import { deflateSync } from "node:zlib";
import { crc32 } from "./crc32.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const FULL = 255;
/** Colour types of the header, and how many channels each has. */
const GREY = { type: 0, channels: 1 };
const RGB = { type: 2, channels: 3 };

const word = (n: number): readonly number[] => [n >>> 24, (n >>> 16) & FULL, (n >>> 8) & FULL, n & FULL];

function chunk(name: string, data: ArrayLike<number>): readonly number[] {
  const named = Uint8Array.from([...new TextEncoder().encode(name), ...Array.from(data)]);
  return [...word(data.length), ...named, ...word(crc32(named))];
}

/** A square image [C, S, S] of full scale 1 as PNG: coloured if it has three channels, else its first one in grey. */
export function pngOf(pixels: Float64Array, side: number): Uint8Array {
  const area = side ** 2;
  const { type, channels } = pixels.length === RGB.channels * area ? RGB : GREY;
  const rows = new Uint8Array(side * (1 + channels * side)); // a row begins with its filter, 0: none
  for (let row = 0, at = 0; row < side; row++) {
    at++;
    for (let column = 0; column < side; column++)
      for (let c = 0; c < channels; c++) {
        const value = pixels[c * area + row * side + column] ?? 0;
        rows[at++] = Math.round(FULL * Math.min(1, Math.max(0, value)));
      }
  }
  const header = [...word(side), ...word(side), 8, type, 0, 0, 0]; // 8 bits; deflated, unfiltered, not interlaced
  return Uint8Array.from([...SIGNATURE, ...chunk("IHDR", header), ...chunk("IDAT", deflateSync(rows)), ...chunk("IEND", [])]);
}
