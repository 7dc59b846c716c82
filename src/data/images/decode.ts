/** Image files to RGB. sharp decodes, and nothing else: it must not turn, blend or colour-manage what Pillow leaves alone. */
import { formatOf, isPlainGreyPng, type ImageFormat } from "./format.ts";
import type { Pixels, Size } from "./pixels.ts";
import { rgbOf, type Samples } from "./rgb.ts";

/** A file is no image, or not one that is opened here. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** Where Pillow refuses an image as a decompression bomb: twice a quarter of a gigabyte of 24-bit pixels. */
const MOST_PIXELS = 2 * Math.floor(2 ** 30 / 4 / 3);

const FEW = 8;

function checkedFormat(bytes: Uint8Array): ImageFormat {
  const format = formatOf(bytes);
  if (format !== null) return format;
  if (bytes.length === 0) throw new ImageError("the file is empty; a JPEG, PNG or WebP image would be right");
  const start = Array.from(bytes.subarray(0, FEW), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new ImageError(`is no JPEG, PNG or WebP image: it begins with the bytes ${start}`);
}

function checkSize({ width, height }: Size): void {
  if (width * height > MOST_PIXELS)
    throw new ImageError(`is an image of ${width}×${height} pixels; at most ${MOST_PIXELS} pixels are opened`);
}

/** @throws what sharp throws */
async function samplesOf(bytes: Uint8Array): Promise<Samples> {
  const { default: sharp } = await import("sharp");
  const open = (): ReturnType<typeof sharp> =>
    sharp(bytes, { autoOrient: false, failOn: "error", ignoreIcc: true, limitInputPixels: false, pages: 1 });
  const { width, height, space, channels: declared, depth: bits } = await open().metadata();
  checkSize({ width, height });

  const deep = bits === "ushort";
  const colour = space === "cmyk" ? "cmyk" : declared < 3 ? "grey" : "rgb";
  const target = { cmyk: "cmyk", grey: deep ? "grey16" : "b-w", rgb: deep ? "rgb16" : "srgb" }[colour];
  const { data, info } = await open()
    .pipelineColourspace(target)
    .toColourspace(target)
    .raw({ depth: deep ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { channels } = info;
  const numbers = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return { data: numbers, width: info.width, height: info.height, channels, colour, wide: isPlainGreyPng(bytes) ? "cut off" : "high byte" };
}

/**
 * The image of a file, [height, width, 3], as Pillow's `open(…).convert("RGB")` gives it; of an animation the first picture.
 *
 * @throws ImageError for what is no JPEG, PNG or WebP, is truncated or damaged, or has too many pixels
 */
export async function decodeImage(bytes: Uint8Array): Promise<Pixels> {
  const format = checkedFormat(bytes);
  try {
    return rgbOf(await samplesOf(bytes));
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new ImageError(`is a ${format} image that cannot be decoded: ${line}`, { cause: error });
  }
}
