/**
 * Emulates subgroup matrices in plain WGSL, for devices that have none. Each thread of a subgroup has every SIZE-th number of a fragment of sums; a
 * fragment of factors is represented by its position in its array, which is read when it is multiplied, with f16 stored as f32. Nothing else of a
 * program changes: what it fetches, where it stores it, and what it does with the sums. For programs in the syntax `parameter` (kernels/units.ts).
 */
import type { MatrixShape } from "../../src/engines/webgpu/capabilities.ts";

/** Threads of a subgroup in the programs that are rewritten. */
export const SIZE = 32;

interface Names {
  /** The arrays of factors in workgroup memory. */
  readonly arrays: readonly string[];
  /** The array in workgroup memory that sums are stored to. */
  readonly results: string;
  /** Number of fragments of sums. */
  readonly matrices: number;
}

const emulated = ({ m, n, k }: MatrixShape, { arrays, results, matrices }: Names): string => `
var<private> own_sums: array<f32, ${(matrices * m * n) / SIZE}>;
var<private> own: u32;
fn factor(array_of: u32, i: u32) -> f32 {
  switch array_of {
${arrays.map((name, i) => `    case ${i}u: { return ${name}[i]; }\n`).join("")}    default: { return 0.0; }
  }
}
/** Number (r, s) of a fragment is element x + r y + s z of array w. */
fn row_major(array_of: u32, first: u32, stride: u32) -> vec4u { return vec4u(first, stride, 1u, array_of); }
fn col_major(array_of: u32, first: u32, stride: u32) -> vec4u { return vec4u(first, 1u, stride, array_of); }
fn zeroed(matrix: u32) -> u32 {
  for (var i = 0u; i < ${(m * n) / SIZE}u; i++) { own_sums[matrix * ${(m * n) / SIZE}u + i] = 0.0; }
  return matrix;
}
fn multiply_accumulate(left: vec4u, right: vec4u, matrix: u32) {
  for (var i = 0u; i < ${(m * n) / SIZE}u; i++) {
    let number = own + ${SIZE}u * i;
    var sum = own_sums[matrix * ${(m * n) / SIZE}u + i];
    for (var t = 0u; t < ${k}u; t++) {
      sum += factor(left.w, left.x + (number / ${n}u) * left.y + t * left.z) * factor(right.w, right.x + t * right.y + (number % ${n}u) * right.z);
    }
    own_sums[matrix * ${(m * n) / SIZE}u + i] = sum;
  }
}
fn store_row_major(first: u32, matrix: u32, stride: u32) {
  for (var i = 0u; i < ${(m * n) / SIZE}u; i++) {
    let number = own + ${SIZE}u * i;
    ${results}[first + (number / ${n}u) * stride + number % ${n}u] = own_sums[matrix * ${(m * n) / SIZE}u + i];
  }
}
`;

const DECLARED = /var (\w+): subgroup_matrix_result<.*?>;/g;
const LOADED = /subgroupMatrixLoad<subgroup_matrix_.*?>, (\w+)>\(&(\w+), /g;
const STORED = /subgroupMatrixStore<row_major>\(&(\w+), /g;

/** Replacements for the rest of the extension, and for f16. */
const words: readonly (readonly [RegExp, string])[] = [
  [/^enable .*\n/gm, ""],
  [/@builtin\(subgroup_id\) subgroup: u32,/g, ""],
  [/@subgroup_size\(\d+\)/g, ""],
  [/fn main\([^{]*\{/g, `$&\n  let subgroup = lane / ${SIZE}u;\n  own = lane % ${SIZE}u;`],
  [/array<f16,/g, "array<f32,"],
  [/bitcast<vec4<f16>>\((\w+)\)/g, "vec4f(unpack2x16float($1.x), unpack2x16float($1.y))"],
  [/bitcast<vec2<f16>>\((\w+)\)/g, "unpack2x16float($1)"],
  [/\w+ = subgroupMatrixMultiplyAccumulate\(/g, "multiply_accumulate("],
  [STORED, "store_row_major("],
];

const found = (wgsl: string, word: RegExp, group: number): readonly string[] => [
  ...new Set([...wgsl.matchAll(word)].map((match) => match[group] ?? "")),
];

/** The same program for devices without subgroups. */
export function withoutMatrices(wgsl: string, shape: MatrixShape): string {
  const arrays = found(wgsl, LOADED, 2);
  const [results = ""] = found(wgsl, STORED, 1);
  let matrices = 0;
  const numbered = wgsl
    .replaceAll(DECLARED, (_, name: string) => `let ${name} = zeroed(${matrices++}u);`)
    .replaceAll(LOADED, (_, order: string, name: string) => `${order}(${arrays.indexOf(name)}u, `);
  return words.reduce((text, [word, other]) => text.replaceAll(word, other), numbered) + emulated(shape, { arrays, results, matrices });
}
