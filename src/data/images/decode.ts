/** Image files to RGB. sharp only decodes: it must not rotate, blend or colour-manage, since Pillow does not. */
import { formatOf, isPlainGreyPng, type ImageFormat } from "./format.ts";
import type { Pixels, Size } from "../pixels/pixels.ts";
import { rgbOf, type Samples } from "./rgb.ts";

/** The file is not an image, or not one that can be opened here. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** Pillow refuses larger images as decompression bombs: twice a quarter of a gigabyte of 24-bit pixels. */
const MOST_PIXELS = 2 * Math.floor(2 ** 30 / 4 / 3);

/** Bytes that an error message shows. */
const SHOWN = 8;

function checkedFormat(bytes: Uint8Array): ImageFormat {
  const format = formatOf(bytes);
  if (format !== null) return format;
  if (bytes.length === 0) throw new ImageError("the file is empty, not a JPEG, PNG or WebP image");
  const start = Array.from(bytes.subarray(0, SHOWN), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new ImageError(`is not a JPEG, PNG or WebP image: it begins with the bytes ${start}`);
}

function checkSize({ width, height }: Size): void {
  if (width * height > MOST_PIXELS)
    throw new ImageError(`is an image of ${width}×${height} pixels; at most ${MOST_PIXELS} pixels can be opened`);
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
 * Decodes an image to [height, width, 3], as Pillow's `open(…).convert("RGB")` does; an animation gives its first frame.
 *
 * @throws ImageError for bytes that are no JPEG, PNG or WebP image, are truncated or damaged, or hold too many pixels
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
