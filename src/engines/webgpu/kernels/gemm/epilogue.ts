/** The epilogue of a GEMM: scales the sums, adds the bias and writes the numbers that lie inside C. */
import { declare, type Declarations } from "../../program.ts";
import { vec4 } from "../text.ts";
import type { GemmFormat } from "./format.ts";

/** Writes the quad `x` whose first number has index `at` in the tensor and column `column` in C. */
function writing({ c, whole }: GemmFormat): string {
  if (whole.c) return "  store4_c(at / 4u, x);\n";
  if (c === "f16") return "  store2_c(at / 2u, x.xy);\n  if (column + 2u < p.n) { store2_c(at / 2u + 1u, x.zw); }\n"; // n is even
  return `  store_c(at, x.x);\n${[1, 2, 3].map((s) => `  if (column + ${s}u < p.n) { store_c(at + ${s}u, x[${s}]); }\n`).join("")}`;
}

/** Beyond the end of a row any bias will do, since these numbers are never written. */
const added = ({ bias, whole }: GemmFormat): string => {
  if (bias === null) return "";
  return whole.c ? " + load4_bias(column / 4u)" : ` + ${vec4((s) => `load_bias(min(column + ${s}u, p.n - 1u))`)}`;
};

/** WGSL expressions: four sums of a row of C, the first in a column divisible by four. */
export interface QuadOfSums {
  /** Index of the first number of C in its tensor. */
  readonly firstOfC: string;
  readonly row: string;
  readonly column: string;
  readonly sums: string;
}

export interface Epilogue {
  /** The functions that `store` calls. */
  readonly declarations: Declarations;
  /** WGSL: a statement that stores four sums. */
  readonly store: (quad: QuadOfSums) => string;
}

export const epilogueOf = (format: GemmFormat): Epilogue => ({
  declarations: declare(`
fn put(into: u32, row: u32, column: u32, sums: vec4f) {
  if (row >= p.m || column >= p.n) { return; }
  let at = into + row * p.n + column;
  let x = sums * p.scale${added(format)};
${writing(format)}}
`),
  store: ({ firstOfC, row, column, sums }) => `put(${firstOfC}, ${row}, ${column}, ${sums});`,
});
