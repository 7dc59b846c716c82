/**
 * The loops over pixels as SIMD kernels (assembly/pixels), which return the same bytes as the plain definitions. An image is copied to the
 * kernels' memory, and the result out of it, which takes a small part of the time.
 *
 * The memory grows to what the largest image needs, two or three times its size, and is kept; `resize` reads images in strips, and needs less.
 */
import { checkedPair } from "./blend.ts";
import { checkedRgb } from "./grey.ts";
import type { AffineMatrix, PixelKernels } from "./kernels.ts";
import { checkedTables } from "./lookUp.ts";
import { bytesAt, copyOf, newKernels, place, type Kernels } from "./module.ts";
import { checkedPixels, type Pixels } from "./pixels.ts";
import { plainKernels } from "./plain.ts";
import { checkedOut } from "./planes.ts";
import { simdResize } from "./simdResize.ts";

/** Values of a byte. */
const VALUES = 256;
/** Bytes of an integer. */
const WORD = 4;
/** Bytes in which `affine` continues four rows beyond their ends. */
const ROOM = 128;
const RGB = 3;

/** Places images, then parts of other lengths, in the memory; the images are copied there. */
function placeAll(kernels: Kernels, images: readonly Pixels[], lengths: readonly number[]): readonly number[] {
  const addresses = place(kernels, [...images.map(({ data }) => data.length), ...lengths]);
  for (const [i, { data }] of images.entries()) bytesAt(kernels, addresses[i] ?? 0, data.length).set(data);
  return addresses;
}

function lookUp(kernels: Kernels, image: Pixels, tables: Uint8Array): Pixels {
  const { data, channels } = checkedTables(image, tables);
  const [from = 0, out = 0, at = 0] = placeAll(kernels, [image], [data.length, tables.length]);
  bytesAt(kernels, at, tables.length).set(tables);
  kernels.lookUp(out, from, at, data.length, channels);
  return { ...image, data: copyOf(kernels, out, data.length) };
}

function blend(kernels: Kernels, a: Pixels, b: Pixels, factor: number): Pixels {
  const { length } = checkedPair(a, b)[0].data;
  const [ofA = 0, ofB = 0, out = 0] = placeAll(kernels, [a, b], [length]);
  kernels.blend(out, ofA, ofB, length, factor);
  return { ...a, data: copyOf(kernels, out, length) };
}

function grey(kernels: Kernels, image: Pixels): Pixels {
  const { data, width, height } = checkedRgb(image);
  const [from = 0, out = 0] = placeAll(kernels, [image], [data.length]);
  kernels.grey(out, from, width * height);
  return { ...image, data: copyOf(kernels, out, data.length) };
}

function smooth(kernels: Kernels, image: Pixels): Pixels {
  const { data, width, height, channels } = checkedPixels(image);
  const row = width * channels;
  const [from = 0, out = 0, columns = 0] = placeAll(kernels, [image], [data.length, 2 * row]);
  kernels.smooth(out, from, columns, row, height, channels);
  return { ...image, data: copyOf(kernels, out, data.length) };
}

function histogram(kernels: Kernels, image: Pixels): Uint32Array {
  const { data, channels } = checkedPixels(image);
  const [from = 0, counts = 0] = placeAll(kernels, [image], [WORD * VALUES * channels]);
  bytesAt(kernels, counts, WORD * VALUES * channels).fill(0);
  kernels.histogram(counts, from, data.length, channels);
  return new Uint32Array(kernels.memory.buffer, counts, VALUES * channels).slice();
}

function flip(kernels: Kernels, image: Pixels): Pixels {
  const { data, width, height, channels } = checkedPixels(image);
  const [from = 0, out = 0] = placeAll(kernels, [image], [data.length]);
  (channels === RGB ? kernels.flipRgb : kernels.flipGrey)(out, from, width * channels, height);
  return { ...image, data: copyOf(kernels, out, data.length) };
}

function planes(kernels: Kernels, image: Pixels, to: Uint8Array): void {
  const { data, width, height } = checkedOut(image, to);
  const [from = 0, out = 0] = placeAll(kernels, [image], [data.length]);
  kernels.planes(out, from, width * height);
  to.set(bytesAt(kernels, out, data.length));
}

function affine(kernels: Kernels, image: Pixels, matrix: AffineMatrix, fill: readonly number[]): Pixels {
  const { data, width, height, channels } = checkedPixels(image);
  const [from = 0, out = 0, room = 0, colour = 0] = placeAll(kernels, [image], [data.length, ROOM, WORD]);
  bytesAt(kernels, colour, channels).set(Array.from({ length: channels }, (_, c) => fill[c] ?? 0));
  kernels.affine(out, from, room, colour, width, height, channels, ...matrix);
  return { ...image, data: copyOf(kernels, out, data.length) };
}

const isGreyOrRgb = ({ channels }: Pixels): boolean => channels === 1 || channels === RGB;

/**
 * The kernels on a memory of their own: one set for each thread. They take images of 1 and 3 channels; others are left to the plain
 * definitions. Errors are those of the definitions, and RangeError for an image that 4 GiB of memory, or the system, have no room for.
 */
export function simdKernels(): PixelKernels {
  const kernels = newKernels();
  const fast = (image: Pixels): boolean => isGreyOrRgb(image);
  return {
    resize: (image, ...given) => (fast(image) ? simdResize(kernels, image, ...given) : plainKernels.resize(image, ...given)),
    affine: (image, ...given) => (fast(image) ? affine(kernels, image, ...given) : plainKernels.affine(image, ...given)),
    lookUp: (image, tables) => lookUp(kernels, image, tables),
    blend: (a, b, factor) => blend(kernels, a, b, factor),
    grey: (image) => grey(kernels, image),
    smooth: (image) => smooth(kernels, image),
    histogram: (image) => histogram(kernels, image),
    flip: (image) => (fast(image) ? flip(kernels, image) : plainKernels.flip(image)),
    planes: (image, out) => (image.channels === RGB ? planes(kernels, image, out) : plainKernels.planes(image, out)),
  };
}
