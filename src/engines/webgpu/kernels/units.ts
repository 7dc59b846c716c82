/**
 * The text of programs on the matrix units of a subgroup, in one place: subgroup matrices are an experiment of Dawn, whose versions differ in how a
 * program loads and stores a fragment, and whose adapters differ in what the units multiply.
 *
 * Sums are in f32 always. Factors are f16 where the units sum products of f16 in f32; the units of Apple's GPUs do not, and multiply f32: a program
 * whose factors are f16 widens them on the way to workgroup memory, which is exact.
 */
import type { Storage } from "../accessors.ts";
import type { MatrixShape } from "../capabilities.ts";
import { packHalf } from "../halfPack.ts";
import { declare, type Declarations, type ProgramText } from "../program.ts";

/**
 * How a version of Dawn writes the order of a fragment's numbers in memory: as a parameter of the type, `subgroupMatrixLoad<T, col_major>(&a, first,
 * stride)`; or, in versions before, as an argument that is true for columns, `subgroupMatrixLoad<T>(&a, first, true, stride)`.
 */
export type MatrixSyntax = "parameter" | "argument";

export const syntaxes: readonly MatrixSyntax[] = ["parameter", "argument"];

/** What a program may know of the matrix units that it runs on. */
export interface MatrixUnits {
  /** What they multiply in one instruction. */
  readonly shape: MatrixShape;
  /** The type of the factors in the program's panels. */
  readonly factors: Storage;
  /** Threads of a subgroup. */
  readonly size: number;
  /** Whether the program must state this size, since the device has several. */
  readonly statesSize: boolean;
  readonly syntax: MatrixSyntax;
}

/** Rows lie one after the other, or columns do. */
export type Order = "row_major" | "col_major";

/**
 * Where a fragment begins in an array in workgroup memory, and the distance between its rows (or columns), in elements of the array: numbers, or with
 * the syntax `parameter` vectors of four.
 */
export interface Place {
  readonly array: string;
  readonly first: string;
  readonly stride: number;
}

const factorType = (side: "left" | "right", { shape: { m, n, k }, factors }: MatrixUnits): string =>
  side === "left" ? `subgroup_matrix_left<${factors}, ${k}, ${m}>` : `subgroup_matrix_right<${factors}, ${n}, ${k}>`;

/** WGSL: a fragment of the left or right factor. */
export function loaded(units: MatrixUnits, side: "left" | "right", order: Order, { array, first, stride }: Place): string {
  const type = factorType(side, units);
  return units.syntax === "parameter"
    ? `subgroupMatrixLoad<${type}, ${order}>(&${array}, ${first}, ${stride}u)`
    : `subgroupMatrixLoad<${type}>(&${array}, ${first}, ${order === "col_major"}, ${stride}u)`;
}

/** Declares sums that are zero. */
export const zeroSums = ({ shape: { m, n } }: MatrixUnits, name: string): string => `var ${name}: subgroup_matrix_result<f32, ${n}, ${m}>;`;

/** sums ← sums + left · right */
export const multiplyAdded = (left: string, right: string, sums: string): string =>
  `${sums} = subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${sums});`;

/** Stores sums row by row in an array of f32 in workgroup memory. */
export const storedSums = ({ syntax }: MatrixUnits, sums: string, { array, first, stride }: Place): string =>
  syntax === "parameter"
    ? `subgroupMatrixStore<row_major>(&${array}, ${first}, ${sums}, ${stride}u);`
    : `subgroupMatrixStore(&${array}, ${first}, ${sums}, false, ${stride}u);`;

/** sums ← rows of an array of f32 in workgroup memory. */
export const loadedSums = ({ shape: { m, n }, syntax }: MatrixUnits, sums: string, { array, first, stride }: Place): string => {
  const type = `subgroup_matrix_result<f32, ${n}, ${m}>`;
  return syntax === "parameter"
    ? `${sums} = subgroupMatrixLoad<${type}, row_major>(&${array}, ${first}, ${stride}u);`
    : `${sums} = subgroupMatrixLoad<${type}>(&${array}, ${first}, false, ${stride}u);`;
};

/** The part of a program's text by which it runs on these units; `subgroup` is the index of the thread's subgroup in its workgroup. */
export const unitProgram = ({ factors, size, statesSize }: MatrixUnits): Pick<ProgramText, "enables" | "builtins" | "subgroupSize"> => ({
  enables: [
    ...(factors === "f16" ? ["f16"] : []),
    "subgroups",
    ...(statesSize ? ["subgroup_size_control"] : []),
    "chromium_experimental_subgroup_matrix",
  ],
  builtins: { subgroup: "subgroup_id" },
  ...(statesSize ? { subgroupSize: size } : {}),
});

/** WGSL type of four factors. */
export const fourFactors = ({ factors }: Pick<MatrixUnits, "factors">): string => (factors === "f16" ? "vec4<f16>" : "vec4f");

/** WGSL: `factors_of(x: vec4f)`, four numbers as factors, rounded like everything that is stored as f16. */
export const factorsOf = ({ factors }: Pick<MatrixUnits, "factors">): Declarations =>
  factors === "f32"
    ? declare("fn factors_of(x: vec4f) -> vec4f { return x; }\n")
    : declare(
        `fn factors_of(x: vec4f) -> vec4<f16> {
  let words = vec2u(pack_half(x.xy), pack_half(x.zw));
  return bitcast<vec4<f16>>(words);
}
`,
        packHalf,
      );

/** Bytes of a factor in a panel. */
export const factorBytes = ({ factors }: Pick<MatrixUnits, "factors">): 2 | 4 => (factors === "f16" ? 2 : 4);
