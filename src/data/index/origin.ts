/**
 * Where an indexed set lies, and what shows that it has changed since. What is noted must be cheap to look up again for 1.28 million images:
 *
 *   archives   size and time of the last change of each
 *   folder     time of the last change of each folder of the set: it changes when a file in it is added, removed or renamed
 *
 * A file of a folder that is rewritten under its old name is not noticed: the index, which has names and labels only, stays right.
 */
import { statSync } from "node:fs";
import { join } from "node:path";

/** An archive when it was indexed. */
export interface ArchiveState {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Nanoseconds since 1970, as text. */
  readonly modified: string;
}

/** A folder when it was indexed. */
export interface FolderState {
  /** The path inside the set's folder; empty: that folder itself. */
  readonly path: string;
  /** Nanoseconds since 1970, as text. */
  readonly modified: string;
}

/** The archives in their order, or the folders of a set. */
export type Origin =
  | { readonly kind: "archives"; readonly archives: readonly ArchiveState[] }
  | { readonly kind: "folder"; readonly root: string; readonly folders: readonly FolderState[] };

interface State {
  readonly size: number;
  readonly modified: string;
  readonly kind: "file" | "folder" | "other";
}

/** null: there is nothing at this path. */
function stateAt(path: string): State | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return null;
  const kind = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  return { size: Number(found.size), modified: `${found.mtimeNs}`, kind };
}

/** @throws RangeError if there is no such file, or it is a folder or a device */
export function archiveState(path: string): ArchiveState {
  const found = stateAt(path);
  if (found === null) throw new RangeError("there is no such file");
  if (found.kind !== "file") throw new RangeError(`it is a ${found.kind === "folder" ? "folder" : "pipe or a device"}, not a tar archive`);
  return { path, size: found.size, modified: found.modified };
}

/** @throws RangeError if there is no such folder */
export function folderState(root: string, path: string): FolderState {
  const found = stateAt(join(root, path));
  if (found === null) throw new RangeError(`the folder ${path} is gone`);
  return { path, modified: found.modified };
}

function archiveChange({ path, size, modified }: ArchiveState): string | null {
  const now = stateAt(path);
  if (now?.kind !== "file") return `${path} is gone`;
  if (now.size !== size) return `${path} had ${size} bytes, it has ${now.size}`;
  return now.modified === modified ? null : `${path} has been modified`;
}

function folderChange(root: string, { path, modified }: FolderState): string | null {
  const whole = join(root, path);
  const now = stateAt(whole);
  if (now?.kind !== "folder") return `the folder ${whole} is gone`;
  return now.modified === modified ? null : `files were added to ${whole}, removed or renamed`;
}

function* changesOf(origin: Origin): Generator<string | null, void> {
  if (origin.kind === "archives") for (const archive of origin.archives) yield archiveChange(archive);
  else for (const folder of origin.folders) yield folderChange(origin.root, folder);
}

/** The first thing that has changed since the set was indexed, as a sentence without its stop; null: nothing. */
export function changeOf(origin: Origin): string | null {
  for (const change of changesOf(origin)) if (change !== null) return change;
  return null;
}
