/** The files of a tar archive in columns, read header by header: an archive may have a million members, and its bytes stay where they are. */
import { openSource, readAhead, type Source } from "../../io/disk/source.ts";
import { danglingLink, tarMembers } from "../../io/archive/tar.ts";
import { isHidden } from "../images/layout.ts";

/** The files of an archive. */
export interface ArchiveFiles {
  /** The number of each file by its path, in the archive's order; of two files of the same path the later one counts. Hidden files are left out. */
  readonly files: ReadonlyMap<string, number>;
  /** The first byte of each file in the archive. */
  readonly begins: readonly number[];
  /** The length of each file, in bytes. */
  readonly lengths: readonly number[];
  /** The texts of the files that end in `.cls`. */
  readonly labels: ReadonlyMap<string, string>;
  /** The paths that occur more than once. */
  readonly repeated: ReadonlySet<string>;
}

/** Read at a time: a page, which the disk reads anyway. Small files have several headers in it. */
const PAGE = 4096;
/** The longest class number, with spaces. */
const LONGEST_LABEL = 32;

const decoder = new TextDecoder();

/** The text of a label, or its beginning. */
const labelText = (source: Source, begin: number, end: number): string =>
  decoder.decode(source.read(begin, Math.min(end, begin + LONGEST_LABEL)));

function filesOf(source: Source): ArchiveFiles {
  const places = new Map<string, number>(); // of all files, since links may lead to hidden ones
  const [begins, lengths]: [number[], number[]] = [[], []];
  const [labels, repeated] = [new Map<string, string>(), new Set<string>()];
  for (const { name, link, begin, end } of tarMembers(source)) {
    const target = link === null ? begins.length : places.get(link);
    if (target === undefined) throw danglingLink(name, link, begin);
    if (link === null) {
      begins.push(begin);
      lengths.push(end - begin);
    }
    if (places.delete(name)) repeated.add(name); // so that the order is that of the last one
    places.set(name, target);
    const [from = 0, length = 0] = [begins[target], lengths[target]];
    if (name.toLowerCase().endsWith(".cls") && !isHidden(name)) labels.set(name, labelText(source, from, from + length));
  }
  for (const name of places.keys()) if (isHidden(name)) places.delete(name);
  return { files: places, begins, lengths, labels, repeated };
}

/**
 * The files of an archive.
 *
 * @throws TarError that names the byte, if it is cut off or no tar archive; Error of node:fs if it cannot be read
 */
export function archiveFiles(path: string): ArchiveFiles {
  const source = openSource(path);
  try {
    return filesOf(readAhead(source, PAGE));
  } finally {
    source.close();
  }
}
