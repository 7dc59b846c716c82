/** The header of an index file: what is in an index beside its columns, as JSON. */
import { isCount } from "../../io/disk/byteSource.ts";
import { isRecord, parseJson } from "../../io/strictJson.ts";
import type { ImageIndex } from "./imageIndex.ts";
import type { ArchiveState, FolderState, Origin } from "./origin.ts";

/** An index without its columns, of which only the length is known. */
export interface IndexHeader extends Omit<ImageIndex, "columns"> {
  /** The length of the columns. */
  readonly columnBytes: number;
}

/** The header of an index. */
export const headerText = ({ columns, ...rest }: ImageIndex): string => JSON.stringify({ ...rest, columnBytes: columns.byteLength });

type Json = Readonly<Record<string, unknown>>;

const refuse = (what: string): RangeError => new RangeError(`its header needs ${what}`);

function textIn(record: Json, key: string): string {
  const value = record[key];
  if (typeof value !== "string") throw refuse(`a text "${key}"`);
  return value;
}

function countIn(record: Json, key: string): number {
  const value = record[key];
  if (typeof value !== "number" || !isCount(value)) throw refuse(`a whole number "${key}"`);
  return value;
}

function listIn<T>(record: Json, key: string, item: (value: unknown) => T): readonly T[] {
  const value = record[key];
  if (!Array.isArray(value)) throw refuse(`a list "${key}"`);
  return value.map(item);
}

function recordOf(value: unknown, what: string): Json {
  if (!isRecord(value)) throw refuse(what);
  return value;
}

function archiveOf(value: unknown): ArchiveState {
  const archive = recordOf(value, "archives that are objects");
  return { path: textIn(archive, "path"), size: countIn(archive, "size"), modified: textIn(archive, "modified") };
}

function folderOf(value: unknown): FolderState {
  const folder = recordOf(value, "folders that are objects");
  return { path: textIn(folder, "path"), modified: textIn(folder, "modified") };
}

function originOf(value: unknown): Origin {
  const origin = recordOf(value, 'an object "origin"');
  const kind = textIn(origin, "kind");
  if (kind === "archives") return { kind, archives: listIn(origin, "archives", archiveOf) };
  if (kind === "folder") return { kind, root: textIn(origin, "root"), folders: listIn(origin, "folders", folderOf) };
  throw refuse('"archives" or "folder" as the kind of its origin');
}

function className(value: unknown): string {
  if (typeof value !== "string") throw refuse("classes that are texts");
  return value;
}

/**
 * Parses a header.
 *
 * @throws RangeError or JsonError for anything but the text that `headerText` gives
 */
export function headerOf(text: string): IndexHeader {
  const record = recordOf(parseJson(text), "one object");
  return {
    text: textIn(record, "text"),
    classes: listIn(record, "classes", className),
    origin: originOf(record["origin"]),
    count: countIn(record, "count"),
    digest: textIn(record, "digest"),
    columnBytes: countIn(record, "columnBytes"),
  };
}
