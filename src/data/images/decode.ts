/** Image files to RGB. sharp only decodes: it must not rotate, blend or colour-manage, since Pillow does not. */
import type SharpModule from "sharp";
import { cut, isWhole } from "../pixels/cut.ts";
import type { Pixels, Region, Size } from "../pixels/pixels.ts";
import { formatOf, isPlainGreyPng, type ImageFormat } from "./format.ts";
import { ImageError } from "./imageError.ts";
import type { ImageFile } from "./imageFile.ts";
import { endsAsJpeg, jpegHeader } from "./jpegHeader.ts";
import { rgbOf, type Samples } from "./rgb.ts";

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

type Sharp = typeof SharpModule;

let loading: Promise<Sharp> | undefined;

/** sharp, loaded when the first image is opened: the workers decode an image each, and no image twice. */
const loaded = (): Promise<Sharp> =>
  (loading ??= import("sharp").then(({ default: sharp }) => {
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  }));

const OPTIONS = { autoOrient: false, failOn: "error", ignoreIcc: true, limitInputPixels: false, pages: 1 } as const;

/** The header, by sharp. @throws what sharp throws */
async function headerBySharp(sharp: Sharp, bytes: Uint8Array): Promise<Header> {
  const { width, height, space, channels, depth } = await sharp(bytes, OPTIONS).metadata();
  return { width, height, colour: space === "cmyk" ? "cmyk" : channels < 3 ? "grey" : "rgb", deep: depth === "ushort" };
}

/** The samples of an image, or of a part of it. @throws what sharp throws */
async function samplesOf(sharp: Sharp, bytes: Uint8Array, { colour, deep }: Header, part: Region | null): Promise<Samples> {
  const target = { cmyk: "cmyk", grey: deep ? "grey16" : "b-w", rgb: deep ? "rgb16" : "srgb" }[colour];
  const whole = sharp(bytes, OPTIONS);
  const { data, info } = await (part === null ? whole : whole.extract(part))
    .pipelineColourspace(target)
    .toColourspace(target)
    .raw({ depth: deep ? "ushort" : "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const { buffer, byteOffset, length } = data; // of Node's Buffer, whose `slice` is no copy
  const numbers = deep ? new Uint16Array(buffer, byteOffset, length / 2) : new Uint8Array(buffer, byteOffset, length);
  return { data: numbers, width, height, channels, colour, wide: isPlainGreyPng(bytes) ? "cut off" : "high byte" };
}

/** The error of a file that cannot be decoded. */
function refused(format: ImageFormat, error: unknown): ImageError {
  if (error instanceof ImageError) return error;
  const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
  return new ImageError(`is a ${format} image that cannot be decoded: ${line}`, { cause: error });
}

/**
 * Reads the header of an image file.
 *
 * @throws ImageError for bytes that are no JPEG, PNG or WebP image, or hold too many pixels
 */
export async function openImage(bytes: Uint8Array): Promise<ImageFile> {
  const format = checkedFormat(bytes);
  try {
    const sharp = await loaded();
    const header = headerOfJpeg(bytes, format) ?? (await headerBySharp(sharp, bytes));
    checkSize(header);
    const { width, height } = header;
    const decode = async (part?: Region): Promise<Pixels> => {
      try {
        if (part === undefined || isWhole(part, header)) return rgbOf(await samplesOf(sharp, bytes, header, null));
        if (format === "JPEG" && endsAsJpeg(bytes)) return rgbOf(await samplesOf(sharp, bytes, header, part));
        return cut(rgbOf(await samplesOf(sharp, bytes, header, null)), part);
      } catch (error) {
        throw refused(format, error);
      }
    };
    return { width, height, decode };
  } catch (error) {
    throw refused(format, error);
  }
}

/**
 * Decodes an image to [height, width, 3], as Pillow's `open(…).convert("RGB")` does; an animation gives its first frame.
 *
 * @throws ImageError for bytes that are no JPEG, PNG or WebP image, are truncated or damaged, or hold too many pixels
 */
export const decodeImage = async (bytes: Uint8Array): Promise<Pixels> => (await openImage(bytes)).decode();
