/** Where a workgroup tile of C lies: the values that a program derives from its index, and passes by name to readers and to the epilogue. */
import type { Tiling } from "./format.ts";

/** WGSL names of what is known of a tile. */
export interface TileScope {
  /** First row and column of the tile in C. */
  readonly row: string;
  readonly column: string;
  /** Terms of its split: from start to before end. */
  readonly start: string;
  readonly end: string;
  /** Index of the first number of its A, B and C in their tensors. */
  readonly firstOf: { readonly a: string; readonly b: string; readonly c: string };
}

const scope: TileScope = {
  row: "row",
  column: "column",
  start: "start",
  end: "end",
  firstOf: { a: "from_a", b: "from_b", c: "into" },
};

/** Statements that declare the names of `scope` for the tile whose index is the WGSL value `tile`. */
export const tileOrigin = (
  tile: string,
  { rows, columns }: Pick<Tiling, "rows" | "columns">,
): { readonly code: string; readonly scope: TileScope } => ({
  scope,
  code: `  let ${scope.row} = ((${tile} / p.across) % p.down) * ${rows}u;
  let ${scope.column} = (${tile} % p.across) * ${columns}u;
  let part = ${tile} / (p.across * p.down);
  let matrix = part % p.batch;
  let ${scope.start} = (part / p.batch) * p.length;
  let ${scope.end} = min(${scope.start} + p.length, p.k);
  let ${scope.firstOf.a} = (matrix % p.lefts) * p.m * p.k;
  let ${scope.firstOf.b} = matrix * p.nextB;
  let ${scope.firstOf.c} = part * p.nextC;
`,
});
