/** Places in the source, from the index that the build makes (sourceIndex.mjs). */
import { sources } from "./generated/sources.ts";

/** Where something is defined. */
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

/** `"laws/loops/linear.ts linear"`, the function of that name in that file under src. */
export function functionPlace(fileAndName: string): SourceLocation {
  const line = sources.functions[fileAndName];
  if (line === undefined) throw new Error(`no such function in the index: ${fileAndName}`);
  return place(`src/${fileAndName.split(" ")[0]}`, line);
}

/** The forward and the vjp of an op; of a routine or a function, no vjp. */
export function opPlaces(name: string): { readonly forward: SourceLocation; readonly vjp: SourceLocation | null } | null {
  const found = sources.ops[name];
  if (found === undefined) return null;
  const [file, forward, vjp] = found;
  return { forward: place(file, forward), vjp: vjp === null ? null : place(file, vjp) };
}

/** The row of that id: where its title is, or for `op/NAME` where its op is listed. */
export function rowPlace(id: string): RowLocation {
  const found = id.startsWith("op/") ? sources.subjects[id.slice("op/".length)] : sources.rows[id];
  if (found === undefined) throw new Error(`no such row in the index: ${id}`);
  return { id, ...place(found[0], found[1]) };
}

/** What the row of a numbered formula says. */
export const titleOf = (id: string): string => sources.rows[id]?.[2] ?? id;

/** The formula of that number, as in docs/deit.md. */
export const formulaOf = (id: string): string => sources.formulas[id] ?? "";

/** The first words of an op's file. */
export const opTitle = (op: string): string | null => sources.ops[op]?.[4] ?? null;

/** The formulas that the head of an op's file cites. */
export const citedBy = (op: string): readonly string[] => sources.ops[op]?.[3] ?? [];

/** The comment at the head of the file of an op that no numbered equation defines; null for any other. */
export const commentOf = (op: string): string | null => sources.comments[op] ?? null;
