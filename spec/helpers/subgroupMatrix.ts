/**
 * The matrices of subgroups written once more as plain WGSL, for devices that have none. Of a matrix of sums each thread of a subgroup has every
 * SIZE-th number; a matrix of factors is the place of a fragment in its panel, and its numbers are read from there, f16 held in f32. All else of a
 * program, what it fetches, where it lays it and what it does with the sums, is as it was.
 */
import type { MatrixShape } from "../../src/engines/webgpu/facts.ts";

/** Of the programs that are rewritten. */
export const SIZE = 32;

const emulated = ({ m, n, k }: MatrixShape, matrices: number): string => `
var<private> own_sums: array<f32, ${(matrices * m * n) / SIZE}>;
var<private> own: u32;
/** Number (r, s) of a fragment lies at x + r y + s z. */
fn row_major(first: u32, stride: u32) -> vec3u { return vec3u(first, stride, 1u); }
fn col_major(first: u32, stride: u32) -> vec3u { return vec3u(first, 1u, stride); }
fn multiply_accumulate(left: vec3u, right: vec3u, matrix: u32) {
  for (var i = 0u; i < ${(m * n) / SIZE}u; i++) {
    let number = own + ${SIZE}u * i;
    var sum = own_sums[matrix * ${(m * n) / SIZE}u + i];
    for (var t = 0u; t < ${k}u; t++) {
      sum += panel_a[left.x + (number / ${n}u) * left.y + t * left.z] * panel_b[right.x + t * right.y + (number % ${n}u) * right.z];
    }
    own_sums[matrix * ${(m * n) / SIZE}u + i] = sum;
  }
}
fn store_row_major(first: u32, matrix: u32, stride: u32) {
  for (var i = 0u; i < ${(m * n) / SIZE}u; i++) {
    let number = own + ${SIZE}u * i;
    results[first + (number / ${n}u) * stride + number % ${n}u] = own_sums[matrix * ${(m * n) / SIZE}u + i];
  }
}
`;

const DECLARED = /var (sum\d_\d): subgroup_matrix_result<.*?>;/g;

/** What each word of the extension becomes. */
const words: readonly (readonly [RegExp, string])[] = [
  [/^enable .*\n/gm, ""],
  [/@builtin\(subgroup_id\) subgroup: u32,/g, ""],
  [/fn main\([^{]*\{/g, `$&\n  let subgroup = lane / ${SIZE}u;\n  own = lane % ${SIZE}u;`],
  [/array<f16,/g, "array<f32,"],
  [/bitcast<vec4<f16>>\((\w+)\)/g, "vec4f(unpack2x16float($1.x), unpack2x16float($1.y))"],
  [/subgroupMatrixLoad<subgroup_matrix_.*?>, (\w+)>\(&panel_[ab], /g, "$1("],
  [/\w+ = subgroupMatrixMultiplyAccumulate\(/g, "multiply_accumulate("],
  [/subgroupMatrixStore<row_major>\(&results, /g, "store_row_major("],
];

/** The same program, for devices without subgroups. */
export function withoutMatrices(wgsl: string, shape: MatrixShape): string {
  let matrices = 0;
  const numbered = wgsl.replaceAll(DECLARED, (_, name: string) => `let ${name} = ${matrices++}u;`);
  return words.reduce((text, [word, other]) => text.replaceAll(word, other), numbered) + emulated(shape, matrices);
}
