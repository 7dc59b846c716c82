/**
 * Which files of a collection are images, and of what class: one sub-folder a class, as in torchvision's ImageFolder.
 *
 *   CLASS/IMAGE                     the first folder is the class, whatever folders follow
 *   SPLIT/CLASS/IMAGE               SPLIT is train, test or val; the default is test, or else val
 *   FOLDER/…                        a folder that holds everything is ignored
 */

/** The folders that a set may be divided into. */
export const splits = ["train", "test", "val"] as const;
/** The name of a split. */
export type ImageSplit = (typeof splits)[number];

/** The test images, which are the default split: the first of these that exists. */
const TEST_SPLITS: readonly ImageSplit[] = ["test", "val"];

/** An image and its class. */
export interface LabelledPath {
  readonly path: string;
  /** The folder that is its class. */
  readonly folder: string;
  /** The number of folders above that one. */
  readonly depth: number;
}

/** The files that ImageFolder opens. One that cannot be decoded here is an error; it is not left out. */
const ENDINGS = /\.(jpe?g|png|webp|bmp|ppm|pgm|tiff?)$/i;

/** Whether a path is that of a hidden file, or in a hidden folder: `.DS_Store`, `._photo.jpg`. */
export const isHidden = (path: string): boolean => path.startsWith(".") || path.includes("/.");

/** Whether a path is that of an image; hidden files do not count. */
export const isImage = (path: string): boolean => ENDINGS.test(path) && !isHidden(path);

interface File {
  readonly path: string;
  /** The folders that are still to be read, and the file's name. */
  readonly parts: readonly string[];
}

const isSplit = (name: string | undefined): name is ImageSplit => splits.some((split) => split === name);

const within = (files: readonly File[], first: string): readonly File[] =>
  files.filter(({ parts }) => parts[0] === first).map(({ path, parts }) => ({ path, parts: parts.slice(1) }));

/** Whether every file is at least two folders deep. */
const isDeep = (files: readonly File[]): boolean => files.every(({ parts }) => parts.length > 2);

/** The files without the leading folders that all of them share. */
function withoutSharedFolders(files: readonly File[]): readonly File[] {
  const first = files[0]?.parts[0] ?? "";
  const shared = isDeep(files) && !isSplit(first) && files.every(({ parts }) => parts[0] === first);
  return shared ? withoutSharedFolders(within(files, first)) : files;
}

/** The files of the split. @throws RangeError if there is no such split */
function chosen(files: readonly File[], split: ImageSplit | null): readonly File[] {
  const found = [...new Set(files.map(({ parts }) => parts[0]))];
  const divided = isDeep(files) && found.every(isSplit);
  if (!divided && split === null) return files;
  const wanted = split === null || split === "test" ? TEST_SPLITS : [split];
  const name = wanted.find((one) => found.includes(one));
  if (divided && name !== undefined) return within(files, name);
  throw new RangeError(`there is no folder ${wanted.join(" or ")}, but ${divided ? found.join(", ") : "classes only"}`);
}

/**
 * The images of a collection with their classes, in the order of their paths.
 *
 * @throws RangeError if there are no images, or an image is not in the folder of a class
 */
export function layoutOf(paths: readonly string[], split: ImageSplit | null): readonly LabelledPath[] {
  const images = paths.filter(isImage).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (images.length === 0) throw new RangeError("it has no images; it needs one sub-folder a class with JPEG, PNG or WebP files");
  const files = chosen(withoutSharedFolders(images.map((path) => ({ path, parts: path.split("/") }))), split);
  return files.map(({ path, parts }) => {
    const [folder] = parts;
    if (folder === undefined || parts.length < 2)
      throw new RangeError(`${path} is not in the folder of a class; it needs one sub-folder a class`);
    return { path, folder, depth: path.split("/").length - parts.length };
  });
}
