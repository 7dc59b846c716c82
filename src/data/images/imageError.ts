/** The error of image files, in a file of its own, since a page that decodes nothing must not import the decoder. */

/** The file is not an image, or not one that can be opened here. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}
