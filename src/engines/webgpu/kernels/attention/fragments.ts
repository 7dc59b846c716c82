/** WGSL of subgroup matrices: factors of f16, sums of f32. Arrays in workgroup memory hold vectors of four numbers, and offsets count these. */
import type { MatrixUnits } from "../../capabilities.ts";

/** WGSL: four factors, as f16. */
export const FACTORS = "vec4<f16>";

/** Where the rows (or columns) of a fragment lie in an array in workgroup memory: the first, and the distance between two. */
export interface Place {
  readonly array: string;
  /** WGSL. */
  readonly first: string;
  readonly stride: number;
}

type Order = "row_major" | "col_major";

/** A fragment of the left or right factor, whose rows or columns lie in an array of `FACTORS`. */
export function loaded({ shape }: MatrixUnits, side: "left" | "right", order: Order, { array, first, stride }: Place): string {
  const { m, n, k } = shape;
  const type = side === "left" ? `subgroup_matrix_left<f16, ${k}, ${m}>` : `subgroup_matrix_right<f16, ${n}, ${k}>`;
  return `subgroupMatrixLoad<${type}, ${order}>(&${array}, ${first}, ${stride}u)`;
}

const sumsType = ({ shape: { m, n } }: MatrixUnits): string => `subgroup_matrix_result<f32, ${n}, ${m}>`;

/** Declares sums that are zero. */
export const zeroSums = (units: MatrixUnits, name: string): string => `var ${name}: ${sumsType(units)};`;

/** sums ← sums + left · right */
export const multiplyAdded = (left: string, right: string, sums: string): string =>
  `${sums} = subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${sums});`;

/** Stores sums as rows of an array of `vec4f`. */
export const storedSums = (sums: string, { array, first, stride }: Place): string =>
  `subgroupMatrixStore<row_major>(&${array}, ${first}, ${sums}, ${stride}u);`;

/** sums ← rows of an array of `vec4f` */
export const loadedSums = (units: MatrixUnits, sums: string, { array, first, stride }: Place): string =>
  `${sums} = subgroupMatrixLoad<${sumsType(units)}, row_major>(&${array}, ${first}, ${stride}u);`;
