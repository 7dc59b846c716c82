/**
 * Sets with one sub-folder a class. Folders decide everything: the layout is found from one image of each folder, since a set may have a
 * million images but only some thousand folders.
 */
import { indexBuilder, type Packed, type Place } from "../index/builder.ts";
import type { ImageIndex } from "../index/imageIndex.ts";
import type { Origin } from "../index/origin.ts";
import { imageNetClasses } from "../images/imagenet.ts";
import { isImage, layoutOf, type ImageSplit, type LabelledPath } from "../images/layout.ts";

/** The images of a split, with the names of the classes. */
export interface Labelled extends Packed {
  readonly classes: readonly string[];
}

/** The same, with where they lie. */
export type Indexed = Omit<ImageIndex, "text" | "digest">;

/** The class folders of a split. */
export interface Layout {
  /** The folder that holds them; empty: the set's own. */
  readonly base: string;
  /** Their names. Each has an image. */
  readonly names: ReadonlySet<string>;
  /** One image of each folder that has any. */
  readonly images: readonly LabelledPath[];
}

/** Collects the images of a set by their folders. */
export interface ClassFolders {
  /** Adds a file, if it is an image. */
  readonly add: (path: string, place: Place) => void;
  /**
   * The class folders of the split; null: the default one.
   *
   * @throws RangeError if there are no images, an image is not in the folder of a class, or there is no such split
   */
  readonly layout: (split: ImageSplit | null) => Layout;
  /**
   * The images of these class folders, for a model of K classes.
   *
   * @throws RangeError if they have another number of classes
   */
  readonly labelled: (layout: Layout, K: number) => Labelled;
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The names of K classes: ImageNet's synsets if K is 1000 and every folder is named by one, else the folders' names, sorted. */
function classesOf(folders: ReadonlySet<string>, K: number): readonly string[] {
  const synsets = imageNetClasses().map(({ synset }) => synset);
  const known = new Set(synsets);
  if (K === synsets.length && [...folders].every((folder) => known.has(folder))) return synsets;
  if (folders.size !== K) throw new RangeError(`it has ${folders.size} classes, the model has ${K}`);
  return [...folders].toSorted(byName);
}

/** An empty collection. */
export function classFolders(kind: Origin["kind"]): ClassFolders {
  const builder = indexBuilder(kind);
  const tags = new Map<string, number>(); // by folder
  const firsts: string[] = []; // an image of each folder, by tag
  const add = (path: string, place: Place): void => {
    if (!isImage(path)) return;
    const folder = folderOf(path);
    const tag = tags.get(folder) ?? tags.size;
    if (tag === firsts.length) {
      tags.set(folder, tag);
      firsts.push(path);
    }
    builder.add(path, tag, place);
  };
  const layout = (split: ImageSplit | null): Layout => {
    const images = layoutOf(firsts, split);
    const [{ path, depth } = { path: "", depth: 0 }] = images;
    const base = path.split("/").slice(0, depth).join("/");
    return { base, names: new Set(images.map(({ folder }) => folder)), images };
  };
  const labelled = ({ names, images }: Layout, K: number): Labelled => {
    const classes = classesOf(names, K);
    const labels = new Map(classes.map((name, label) => [name, label]));
    const byTag = firsts.map((): number | null => null);
    for (const { path, folder } of images) byTag[tags.get(folderOf(path)) ?? 0] = labels.get(folder) ?? 0;
    return { classes, ...builder.pack((tag) => byTag[tag] ?? null) };
  };
  return { add, layout, labelled };
}
