/** Image files to RGB. sharp only decodes: it must not rotate, blend or colour-manage, since Pillow does not. */
import { formatOf, isPlainGreyPng, type ImageFormat } from "./format.ts";
import { jpegHeader } from "./jpegHeader.ts";
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

/** What must be known of a file before its pixels are read. */
interface Header extends Size {
  readonly colour: Samples["colour"];
  /** Whether a sample has 16 bits. */
  readonly deep: boolean;
}

/** Bits of an ordinary sample. */
const BYTE = 8;
const COLOURS: { readonly [components: number]: Samples["colour"] } = { 1: "grey", 3: "rgb", 4: "cmyk" };

/** The header of an ordinary JPEG file, which needs no call of sharp: that would take a tenth of the decoding; null: ask sharp. */
function headerOfJpeg(bytes: Uint8Array, format: ImageFormat): Header | null {
  const header = format === "JPEG" ? jpegHeader(bytes) : null;
  const colour = COLOURS[header?.components ?? 0];
  if (header === null || colour === undefined || header.bits !== BYTE || header.height === 0) return null;
  return { width: header.width, height: header.height, colour, deep: false };
}

/** @throws what sharp throws */
async function samplesOf(bytes: Uint8Array, format: ImageFormat): Promise<Samples> {
  const { default: sharp } = await import("sharp");
  sharp.concurrency(1); // the threads of the loader decode an image each
  const open = (): ReturnType<typeof sharp> =>
    sharp(bytes, { autoOrient: false, failOn: "error", ignoreIcc: true, limitInputPixels: false, pages: 1 });
  const asked = async (): Promise<Header> => {
    const { width, height, space, channels, depth } = await open().metadata();
    return { width, height, colour: space === "cmyk" ? "cmyk" : channels < 3 ? "grey" : "rgb", deep: depth === "ushort" };
  };
  const { colour, deep, ...size } = headerOfJpeg(bytes, format) ?? (await asked());
  checkSize(size);

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
    return rgbOf(await samplesOf(bytes, format));
  } catch (error) {
    if (error instanceof ImageError) throw error;
    const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new ImageError(`is a ${format} image that cannot be decoded: ${line}`, { cause: error });
  }
}
