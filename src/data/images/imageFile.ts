/** An image whose size is known and whose pixels are decoded when they are asked for. */
import { cut } from "../pixels/cut.ts";
import type { Pixels, Region, Size } from "../pixels/pixels.ts";

/** An image of which the header has been read. */
export interface ImageFile extends Size {
  /**
   * The image, or a part of it, [height, width, C]. Of a JPEG file only the rows down to the end of the part are decoded, so damage below it does
   * not matter; a file whose end is missing is decoded whole.
   *
   * @throws ImageError if it is truncated or damaged
   */
  readonly decode: (part?: Region) => Promise<Pixels>;
}

/** An image that is decoded already. */
export const decoded = (image: Pixels): ImageFile => ({
  width: image.width,
  height: image.height,
  decode: async (part) => (part === undefined ? image : cut(image, part)),
});
