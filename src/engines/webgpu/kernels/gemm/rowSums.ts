/**
 * The sums of A's rows, Σ_k A, beside C: b̄ = Σ ȳ of a linear layer is that of W̄ = ȳᵀ x. A is read anyway, so the workgroups of the first column of
 * tiles add up what they read of it, four rows at a time, and read nothing more. In f32, each sum in one order.
 */
import { declare, type Declarations } from "../../program.ts";
import type { GemmFormat } from "./format.ts";
import type { TileScope } from "./tile.ts";

/** What a program says about the sums of A's rows; nothing, where they are not wanted. */
export interface RowSumText {
  /** The function that `store` calls. */
  readonly declarations: Declarations;
  /** WGSL: the statements, where the sums are wanted. */
  readonly ifWanted: (statements: string) => string;
  /** WGSL: a statement that stores the sums of four rows. The number of the first is divisible by four. */
  readonly store: (scope: TileScope, row: string, sums: string) => string;
}

/** Where the sums of a split are behind its C, they are written as it is. */
function writing({ rowSums, whole }: GemmFormat): string {
  if (rowSums === "behind C" && whole.c) return "  store4_c((behind + row) / 4u, sums);\n";
  const [name, first] = rowSums === "tensor" ? ["sums", ""] : ["c", "behind + "];
  return [0, 1, 2, 3].map((s) => `  if (row + ${s}u < p.m) { store_${name}(${first}row + ${s}u, sums[${s}]); }\n`).join("");
}

export function rowSumsOf(format: GemmFormat): RowSumText {
  if (format.rowSums === null) return { declarations: declare(""), ifWanted: () => "", store: () => "" };
  const code = `
/** \`behind\`: index in C of what follows it. */
fn put_row_sums(behind: u32, row: u32, sums: vec4f) {
  if (row >= p.m) { return; }
${writing(format)}}
`;
  return {
    declarations: declare(code),
    ifWanted: (statements) => statements,
    store: ({ firstOf }, row, sums) => `put_row_sums(${firstOf.c} + p.m * p.n, ${row}, ${sums});`,
  };
}
