/** Indexes tar archives, one or many shards: the images in webdataset's order, shard by shard and member by member. Nothing is unpacked. */
import { indexBuilder, type IndexBuilder } from "../index/builder.ts";
import { archiveState, type ArchiveState } from "../index/origin.ts";
import { isImage, type ImageSplit } from "../images/layout.ts";
import { archiveFiles, type ArchiveFiles } from "./archiveFiles.ts";
import { classFolders, type ClassFolders, type Indexed } from "./classFolders.ts";
import { located } from "./located.ts";
import { pairsOf } from "./pairs.ts";

/** How the images of a set are labelled: by their folders, or by `.cls` files beside them. */
type Form = "folders" | "pairs";

/** The form of an archive; null: it has neither images nor labels. */
function formOf({ files, labels }: ArchiveFiles): Form | null {
  if (labels.size > 0) return "pairs";
  for (const name of files.keys()) if (isImage(name)) return "folders";
  return null;
}

/** The images of a shard, into the collection of its form. */
function collect(shard: number, form: Form, K: number, found: ArchiveFiles, inFolders: ClassFolders, inPairs: IndexBuilder): void {
  const place = (file: number): { shard: number; begin: number; length: number } => ({
    shard,
    begin: found.begins[file] ?? 0,
    length: found.lengths[file] ?? 0,
  });
  if (form === "folders") for (const [name, file] of found.files) inFolders.add(name, place(file));
  else for (const { name, label, file } of pairsOf(found, K)) inPairs.add(name, label, place(file));
}

/**
 * The images of a split of these archives, for a model of K classes.
 *
 * @param name the path by which the set was given
 * @throws RangeError that names the archive or the set: a missing or broken archive, names without labels, or another number of classes
 */
export function indexArchives(name: string, paths: readonly string[], split: ImageSplit | null, K: number): Indexed {
  const [inFolders, inPairs] = [classFolders("archives"), indexBuilder("archives")];
  const archives: ArchiveState[] = paths.map((path) => located(path, () => archiveState(path))); // a missing one is found before any is read
  let form: Form | null = null;
  for (const [shard, path] of paths.entries())
    located(path, () => {
      const found = archiveFiles(path);
      const own = formOf(found);
      if (own === null) return;
      form ??= own;
      if (own !== form) throw new RangeError("either all shards or none must have .cls labels");
      collect(shard, form, K, found, inFolders, inPairs);
    });
  const origin = { kind: "archives", archives } as const;
  return located(name, () => {
    if (form !== "pairs") return { ...inFolders.labelled(inFolders.layout(split), K), origin };
    if (split !== null) throw new RangeError(`its images are labelled by .cls files, so it has no split ${split}`);
    return { classes: Array.from({ length: K }, (_, label) => `${label}`), ...inPairs.pack((label) => label), origin };
  });
}
