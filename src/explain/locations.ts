/** Looks up locations in the source, in the index that the build makes (sourceIndex.mjs). */
import { sources } from "./generated/sources.ts";

/** The file and line of a definition. */
export interface SourceLocation {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly line: number;
}

/** A row of `deit check`. */
export interface RowLocation extends SourceLocation {
  readonly id: string;
}

const place = (file: string, line: number): SourceLocation => ({ file, line });

/** The location of a function, given as `"laws/loops/linear.ts linear"`: a file under src, and a name. */
export function functionPlace(fileAndName: string): SourceLocation {
  const line = sources.functions[fileAndName];
  if (line === undefined) throw new Error(`no such function in the index: ${fileAndName}`);
  return place(`src/${fileAndName.split(" ")[0]}`, line);
}

/** The forward and the vjp of an op; a routine or a function has no vjp. */
export function opPlaces(name: string): { readonly forward: SourceLocation; readonly vjp: SourceLocation | null } | null {
  const found = sources.ops[name];
  if (found === undefined) return null;
  const [file, forward, vjp] = found;
  return { forward: place(file, forward), vjp: vjp === null ? null : place(file, vjp) };
}

/** The location of a row: that of its title, or for `op/NAME` that of the op in its list. */
export function rowPlace(id: string): RowLocation {
  const found = id.startsWith("op/") ? sources.subjects[id.slice("op/".length)] : sources.rows[id];
  if (found === undefined) throw new Error(`no such row in the index: ${id}`);
  return { id, ...place(found[0], found[1]) };
}

/** The title of the row of a numbered formula. */
export const titleOf = (id: string): string => sources.rows[id]?.[2] ?? id;

/** The formula of that number, as in docs/deit.md. */
export const formulaOf = (id: string): string => sources.formulas[id] ?? "";

/** The first sentence of the head of an op's file. */
export const opTitle = (op: string): string | null => sources.ops[op]?.[4] ?? null;

/** The formulas that the head of an op's file cites. */
export const citedBy = (op: string): readonly string[] => sources.ops[op]?.[3] ?? [];

/** The comment at the head of the file of an op that no numbered equation defines; null for any other. */
export const commentOf = (op: string): string | null => sources.comments[op] ?? null;
