/**
 * Which of a collection's files are images, and of what class: one sub-folder a class, as torchvision's ImageFolder takes it.
 *
 *   CLASS/IMAGE                     the class is the first folder, whatever lies between it and the image
 *   SPLIT/CLASS/IMAGE               train, test or val; if none is asked for, test, else val
 *   FOLDER/…                        a folder that holds everything else is passed through
 */

export const splits = ["train", "test", "val"] as const;
export type ImageSplit = (typeof splits)[number];

/** Where none is asked for, the first that is there. */
const USUAL: readonly ImageSplit[] = ["test", "val"];

export interface LabelledPath {
  readonly path: string;
  /** The folder that stands for its class. */
  readonly folder: string;
}

/** Files that ImageFolder opens; those that cannot be decoded here are an error, not left out. */
const ENDINGS = /\.(jpe?g|png|webp|bmp|ppm|pgm|tiff?)$/i;

/** Hidden files are none of the collection's: `.DS_Store`, `._photo.jpg`. */
const isImage = (path: string): boolean => ENDINGS.test(path) && !path.split("/").some((part) => part.startsWith("."));

interface Placed {
  readonly path: string;
  /** What is left of its folders, and its name. */
  readonly parts: readonly string[];
}

const isSplit = (name: string | undefined): name is ImageSplit => splits.some((split) => split === name);

const within = (files: readonly Placed[], first: string): readonly Placed[] =>
  files.filter(({ parts }) => parts[0] === first).map(({ path, parts }) => ({ path, parts: parts.slice(1) }));

/** Whether every file lies two folders deep or more. */
const isDeep = (files: readonly Placed[]): boolean => files.every(({ parts }) => parts.length > 2);

/** Without the folders that all files share. */
function opened(files: readonly Placed[]): readonly Placed[] {
  const first = files[0]?.parts[0] ?? "";
  const shared = isDeep(files) && !isSplit(first) && files.every(({ parts }) => parts[0] === first);
  return shared ? opened(within(files, first)) : files;
}

/** @throws RangeError if there is no such split */
function chosen(files: readonly Placed[], split: ImageSplit | null): readonly Placed[] {
  const found = [...new Set(files.map(({ parts }) => parts[0]))];
  const divided = isDeep(files) && found.every(isSplit);
  if (!divided && split === null) return files;
  const name = split ?? USUAL.find((usual) => found.includes(usual));
  if (divided && name !== undefined && found.includes(name)) return within(files, name);
  throw new RangeError(`there is no folder ${split ?? USUAL.join(" or ")}, but ${divided ? found.join(", ") : "classes only"}`);
}

/**
 * The images of a collection with their classes, in the order of their paths.
 *
 * @throws RangeError if there are none, or one lies in no class's folder
 */
export function layoutOf(paths: readonly string[], split: ImageSplit | null): readonly LabelledPath[] {
  const images = paths.filter(isImage).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (images.length === 0) throw new RangeError("it has no images; one sub-folder a class with JPEG, PNG or WebP files would be right");
  const files = chosen(opened(images.map((path) => ({ path, parts: path.split("/") }))), split);
  return files.map(({ path, parts }) => {
    const [folder] = parts;
    if (folder === undefined || parts.length < 2)
      throw new RangeError(`${path} is in no class's folder; one sub-folder a class would be right`);
    return { path, folder };
  });
}
