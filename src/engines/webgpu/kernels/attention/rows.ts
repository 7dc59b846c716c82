/**
 * Attention with a thread for each row of the result, which it keeps in registers. All threads of a workgroup go over the same other rows, which
 * they fetch to workgroup memory tile by tile, so that all threads read the same number there at the same time.
 */
import { declare, program, WORKGROUP, type Program } from "../../program.ts";
import { exponential, logarithm } from "../math.ts";
import { joined, range } from "../text.ts";
import { params, rowAccess, tensorsOf, type AttentionOperands, type HeadFormat } from "./format.ts";

export interface RowFormat extends HeadFormat {
  /** Whether e^x has an error of a few ulp only; else it is the device's own, which suits numbers of f16. */
  readonly exact: boolean;
}

export const ROW_THREADS = 64;

/** Rows of a tile: two tiles of the widest heads fill the workgroup memory that every device has. */
const TILE = 16;

const quadsOf = ({ width }: HeadFormat): readonly number[] => range(width / 4);

/** WGSL names that a row program has in scope. */
export interface RowScope {
  /** Index of the thread's own row in its matrices. */
  readonly row: string;
  /** Whether it has one; a thread without only helps to fetch, and has the last row's index. */
  readonly there: string;
}

/** WGSL names in scope of the loop over the other rows. */
export interface OtherScope {
  /** Index of the other row in its matrices, whose numbers are registers named after them: `k0`, `k1`, … of k. */
  readonly other: string;
}

/** Declares a row of matrix t, times a factor, as registers `t0`, `t1`, … */
export const held = (t: string, { row }: RowScope, format: RowFormat, factor = "1.0"): string =>
  joined(quadsOf(format).map((c) => `let ${t}${c} = ${factor} * read_${t}(${row}, ${c}u);`));

export const zeros = (t: string, format: RowFormat): string => joined(quadsOf(format).map((c) => `var ${t}${c} = vec4f();`));

/** `let name = ⟨x, y⟩` of rows in registers: four sums at a time, so that additions need not wait for one another. */
export const dot = (name: string, x: string, y: string, format: RowFormat): string =>
  `let ${name}_parts = ${quadsOf(format).reduce((sum, c) => (c === 0 ? `${x}0 * ${y}0` : `fma(${x}${c}, ${y}${c}, ${sum})`), "")};
let ${name} = (${name}_parts.x + ${name}_parts.y) + (${name}_parts.z + ${name}_parts.w);
`;

/** t ← t + factor · y */
export const addTo = (t: string, factor: string, y: string, format: RowFormat): string =>
  joined(quadsOf(format).map((c) => `${t}${c} = fma(vec4f(${factor}), ${y}${c}, ${t}${c});`));

/** t ← factor · t */
export const times = (t: string, factor: string, format: RowFormat): string => joined(quadsOf(format).map((c) => `${t}${c} *= ${factor};`));

/** Writes the registers x to the thread's row of matrix t. */
export const written = (t: string, x: string, { row }: RowScope, format: RowFormat): string =>
  joined(quadsOf(format).map((c) => `write_${t}(${row}, ${c}u, ${x}${c});`));

/** A loop over the other rows of the head. */
export function overOthers([one, two]: AttentionOperands["others"], { width }: RowFormat, body: (scope: OtherScope) => string): string {
  const quads = width / 4;
  const fetch = [one, two].map((t) => `tile_${t}[i] = read_${t}(others + i / ${quads}u, i % ${quads}u);`).join(" ");
  const numbers = [one, two].flatMap((t) => range(quads).map((c) => `let ${t}${c} = tile_${t}[j * ${quads}u + ${c}u];`));
  return `for (var first = 0u; first < p.others; first += ${TILE}u) {
let others = head * p.others + first;
let count = min(${TILE}u, p.others - first);
workgroupBarrier();
for (var i = lane; i < count * ${quads}u; i += ${ROW_THREADS}u) { ${fetch} }
workgroupBarrier();
for (var j = 0u; j < select(0u, count, there); j++) {
let other = others + j;
${joined(numbers)}${body({ other: "other" })}}
}
`;
}

/** A program whose threads each have a row. It declares `power(x)`, e^x, and `log_of(x)`. */
export const rowProgram = (operands: AttentionOperands, format: RowFormat, main: (scope: RowScope) => string): Program =>
  program({
    name: operands.name,
    tensors: tensorsOf(operands, format),
    covers: Object.keys(operands.writes),
    params,
    workgroup: [ROW_THREADS, 1, 1],
    declarations: [
      logarithm,
      declare(`fn power(x: f32) -> f32 { return ${format.exact ? "exp_of" : "exp"}(x); }\n`, exponential),
      rowAccess(operands, format),
      declare(joined(operands.others.map((t) => `var<workgroup> tile_${t}: array<vec4f, ${(TILE * format.width) / 4}>;`))),
    ],
    main: `  let head = ${WORKGROUP} / p.blocks;
  if (head >= p.heads) { return; }
  let own = (${WORKGROUP} % p.blocks) * ${ROW_THREADS}u + lane;
  let there = own < p.own;
  let row = head * p.own + min(own, p.own - 1u);
${main({ row: "row", there: "there" })}`,
  });
