/**
 * Emulates subgroup matrices in plain WGSL, for devices that have none. Each thread of a subgroup has every SIZE-th vector of four numbers of a fragment of
 * sums. A fragment of factors that the text names is copied by each thread; one that is an operand is represented by its position in its array, which is
 * read when it is multiplied. f16 is stored as f32. Nothing else of a program changes: what it fetches, where it stores it, and what it does with the sums. For
 * programs in the syntax `parameter` (kernels/units.ts).
 */
import type { MatrixShape } from "../../src/engines/webgpu/capabilities.ts";

/** Threads of a subgroup in the programs that are rewritten. */
export const SIZE = 32;

interface Names {
  /** The arrays of factors in workgroup memory, and the one of sums. */
  readonly arrays: readonly string[];
  readonly results: string;
  /** Those whose elements are vectors of four numbers. */
  readonly ofVectors: ReadonlySet<string>;
  /** Number of fragments of sums, and of factors that are copied. */
  readonly matrices: number;
  readonly copies: number;
}

/** Numbers of a fragment of sums that a thread has room for. */
const sumsOf = ({ m, n }: Pick<MatrixShape, "m" | "n">): number => 4 * Math.ceil((m * n) / 4 / SIZE);

/** WGSL: number i of an array. */
const element = (name: string, i: string, ofVectors: ReadonlySet<string>): string =>
  ofVectors.has(name) ? `${name}[(${i}) / 4u][(${i}) % 4u]` : `${name}[${i}]`;

/** WGSL: for each of a thread's numbers of a fragment of sums, its row and column. */
const eachSum = ({ m, n }: MatrixShape, body: string): string => `
  for (var i = 0u; i < ${sumsOf({ m, n })}u; i++) {
    let number = 4u * (own + ${SIZE}u * (i / 4u)) + i % 4u;
    let sum = matrix * ${sumsOf({ m, n })}u + i;
    let r = number / ${n}u;
    let c = number % ${n}u;
    if (r < ${m}u) { ${body} }
  }`;

function emulated(shape: MatrixShape, { arrays, results, ofVectors, matrices, copies }: Names): string {
  const { m, n, k } = shape;
  const copy = Math.max(m, n) * k;
  const at = element(results, "first + r * stride + c", ofVectors);
  return `
var<private> sums: array<f32, ${matrices * sumsOf(shape)}>;
var<private> copied: array<f32, ${Math.max(1, copies * copy)}>;
var<private> own: u32;
fn factor(array_of: u32, i: u32) -> f32 {
  switch array_of {
${arrays.map((name, i) => `    case ${i}u: { return ${element(name, "i", ofVectors)}; }\n`).join("")}    default: { return copied[i]; }
  }
}
/** Number (r, s) of a fragment is element x + r y + s z of array w. */
fn row_major(array_of: u32, first: u32, stride: u32) -> vec4u { return vec4u(first, stride, 1u, array_of); }
fn col_major(array_of: u32, first: u32, stride: u32) -> vec4u { return vec4u(first, 1u, stride, array_of); }
fn copy_fragment(to: u32, source: vec4u, rows: u32, columns: u32) -> vec4u {
  for (var r = 0u; r < rows; r++) {
    for (var c = 0u; c < columns; c++) { copied[to * ${copy}u + r * columns + c] = factor(source.w, source.x + r * source.y + c * source.z); }
  }
  return vec4u(to * ${copy}u, columns, 1u, ${arrays.length}u);
}
fn zeroed(matrix: u32) -> u32 {${eachSum(shape, "sums[sum] = 0.0;")}
  return matrix;
}
fn multiply_accumulate(left: vec4u, right: vec4u, matrix: u32) {${eachSum(
    shape,
    `for (var t = 0u; t < ${k}u; t++) {
      sums[sum] += factor(left.w, left.x + r * left.y + t * left.z) * factor(right.w, right.x + t * right.y + c * right.z);
    }`,
  )}
}
fn store_row_major(first: u32, matrix: u32, stride: u32) {${eachSum(shape, `${at} = sums[sum];`)}
}
fn load_row_major(first: u32, matrix: u32, stride: u32) {${eachSum(shape, `sums[sum] = ${at};`)}
}
`;
}

const DECLARED = /var (\w+): subgroup_matrix_result<.*?>;/g;
const SUMS_LOADED = /(\w+) = subgroupMatrixLoad<subgroup_matrix_result<.*?>, row_major>\(&(\w+), (.*), (\d+)u\);/g;
const NAMED = /let (\w+) = subgroupMatrixLoad<subgroup_matrix_(left|right)<.*?>, (\w+)>\(&(\w+), (.*), (\d+)u\);/g;
const LOADED = /subgroupMatrixLoad<subgroup_matrix_(?:left|right)<.*?>, (\w+)>\(&(\w+), ([^,]*), (\d+)u\)/g;
const STORED = /subgroupMatrixStore<row_major>\(&(\w+), (.*), (\w+), (\d+)u\);/g;
const OF_VECTORS = /var<workgroup> (\w+): array<vec4/g;

/** Replacements for the rest of the extension, and for f16. */
const words: readonly (readonly [RegExp, string])[] = [
  [/^enable .*\n/gm, ""],
  [/@builtin\(subgroup_id\) subgroup: u32,/g, ""],
  [/@subgroup_size\(\d+\)/g, ""],
  [/fn main\([^{]*\{/g, `$&\n  let subgroup = lane / ${SIZE}u;\n  own = lane % ${SIZE}u;`],
  [/array<f16,/g, "array<f32,"],
  [/bitcast<vec4<f16>>\((\w+)\)/g, "vec4f(unpack2x16float($1.x), unpack2x16float($1.y))"],
  [/vec4<f16>/g, "vec4f"],
  [/\bf16\(/g, "f32("], // of numbers that f16 holds exactly
  [/\w+ = subgroupMatrixMultiplyAccumulate\(/g, "multiply_accumulate("],
];

const found = (wgsl: string, word: RegExp, group: number): readonly string[] => [
  ...new Set([...wgsl.matchAll(word)].map((match) => match[group] ?? "")),
];

/** WGSL: a number rounded to f16, for errors that are planted. */
export const halfOf = (x: string): string => `unpack2x16float(pack2x16float(vec2f(${x}, 0.0))).x`;

/** The same program for devices without subgroups. */
export function withoutMatrices(wgsl: string, shape: MatrixShape): string {
  const [arrays, [results = ""], names] = [found(wgsl, LOADED, 2), found(wgsl, STORED, 1), found(wgsl, NAMED, 1)];
  const ofVectors = new Set(found(wgsl, OF_VECTORS, 1));
  /** An offset or stride in numbers. */
  const numbers = (array: string, count: string): string => (ofVectors.has(array) ? `4u * (${count})` : count);
  const place = (order: string, array: string, first: string, stride: string): string =>
    `${order}(${arrays.indexOf(array)}u, ${numbers(array, first)}, ${numbers(array, `${stride}u`)})`;
  let matrices = 0;
  const numbered = wgsl
    .replaceAll(DECLARED, (_, name: string) => `let ${name} = zeroed(${matrices++}u);`)
    .replaceAll(
      SUMS_LOADED,
      (_, name: string, array: string, first: string, stride: string) =>
        `load_row_major(${numbers(array, first)}, ${name}, ${numbers(array, `${stride}u`)});`,
    )
    .replaceAll(NAMED, (_, name: string, side: string, order: string, array: string, first: string, stride: string) => {
      const sides = side === "left" ? `${shape.m}u, ${shape.k}u` : `${shape.k}u, ${shape.n}u`;
      return `let ${name} = copy_fragment(${names.indexOf(name)}u, ${place(order, array, first, stride)}, ${sides});`;
    })
    .replaceAll(LOADED, (_, order: string, array: string, first: string, stride: string) => place(order, array, first, stride))
    .replaceAll(
      STORED,
      (_, array: string, first: string, name: string, stride: string) =>
        `store_row_major(${numbers(array, first)}, ${name}, ${numbers(array, `${stride}u`)});`,
    );
  const text = words.reduce((all, [word, other]) => all.replaceAll(word, other), numbered);
  return text + emulated(shape, { arrays, results, ofVectors, matrices, copies: names.length });
}
