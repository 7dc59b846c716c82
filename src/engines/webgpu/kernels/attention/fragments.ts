/** WGSL of subgroup matrices: factors of f16, sums of f32. Arrays in workgroup memory hold vectors of four numbers, and offsets count these. */
import type { MatrixShape } from "../../capabilities.ts";

/** Where the rows (or columns) of a fragment lie in an array in workgroup memory: the first, and the distance between two. */
export interface Place {
  readonly array: string;
  /** WGSL. */
  readonly first: string;
  readonly stride: number;
}

/** A fragment of a left factor, whose rows lie in the array. */
export const loadedLeft = ({ m, k }: MatrixShape, { array, first, stride }: Place): string =>
  `subgroupMatrixLoad<subgroup_matrix_left<f16, ${k}, ${m}>, row_major>(&${array}, ${first}, ${stride}u)`;

/** A fragment of a right factor, whose rows or columns lie in the array. */
export const loadedRight = ({ n, k }: MatrixShape, order: "row_major" | "col_major", { array, first, stride }: Place): string =>
  `subgroupMatrixLoad<subgroup_matrix_right<f16, ${n}, ${k}>, ${order}>(&${array}, ${first}, ${stride}u)`;

/** Declares sums that are zero. */
export const zeroSums = ({ m, n }: MatrixShape, name: string): string => `var ${name}: subgroup_matrix_result<f32, ${n}, ${m}>;`;

/** sums ← sums + left · right */
export const multiplyAdded = (left: string, right: string, sums: string): string =>
  `${sums} = subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${sums});`;

/** Stores sums as rows of an array of `vec4f`. */
export const storedSums = (sums: string, { array, first, stride }: Place): string =>
  `subgroupMatrixStore<row_major>(&${array}, ${first}, ${sums}, ${stride}u);`;

/** Sums ← rows of an array of `vec4f`. */
export const loadedSums = ({ m, n }: MatrixShape, sums: string, { array, first, stride }: Place): string =>
  `${sums} = subgroupMatrixLoad<subgroup_matrix_result<f32, ${n}, ${m}>, row_major>(&${array}, ${first}, ${stride}u);`;
