/** Keeps small images of a set decoded, so that an image of CIFAR's size is decoded once in a run and not in every epoch. */
import type { ImageFile } from "../images/imageFile.ts";
import { cut } from "../pixels/cut.ts";
import type { Pixels } from "../pixels/pixels.ts";

/** Images of at most as many pixels are kept. */
const SMALL = 64 * 64;
/** The bytes that a thread keeps: CIFAR's image takes 3,072. */
const MOST_BYTES = 64 * 2 ** 20;

/** Opens image i. */
export type Open = (i: number) => Promise<ImageFile>;

/** A kept image, whose pixels are copied for whoever asks for them. */
const copied = (image: Pixels): ImageFile => ({
  width: image.width,
  height: image.height,
  decode: async (part = { left: 0, top: 0, width: image.width, height: image.height }) => cut(image, part),
});

/**
 * The same images; the first small ones that are opened are kept until `close`, as many as there is room for.
 *
 * @param most bytes that are kept
 */
export function keepingSmall(open: Open, most: number = MOST_BYTES): { readonly open: Open; readonly close: () => void } {
  const kept = new Map<number, ImageFile>();
  let [room, isClosed] = [most, false];
  const opened: Open = async (i) => {
    const known = kept.get(i);
    if (known !== undefined) return known;
    const file = await open(i);
    if (file.width * file.height > SMALL || isClosed || room <= 0) return file;
    const pixels = await file.decode();
    const one = copied(pixels);
    room -= pixels.data.length;
    if (!isClosed) kept.set(i, one); // it may have been closed in the meantime
    return one;
  };
  const close = (): void => {
    isClosed = true;
    kept.clear();
  };
  return { open: opened, close };
}
