/**
 * How programs read A and B: always four numbers that are adjacent in memory, in a line (a row as stored) of the matrix, and zeros beyond its
 * edges. So a tile may reach beyond an edge: what it multiplies there adds nothing.
 */
import type { Storage } from "../../accessors.ts";
import { packHalf } from "../../halfPack.ts";
import { declare, type Declarations } from "../../program.ts";
import { vec4 } from "../text.ts";
import type { GemmFormat } from "./format.ts";
import type { TileScope } from "./tile.ts";

export type Side = "a" | "b";

/** Whether four adjacent numbers are terms of one sum, and not numbers of several rows or columns of C. */
export const alongK = (side: Side, { ta, tb }: GemmFormat): boolean => (side === "a" ? !ta : tb);

/** Where four numbers lie: at row or column `across` of C and at term `term`, and the three after it in memory. WGSL expressions. */
export interface QuadPosition {
  readonly across: string;
  readonly term: string;
}

/** Reads four numbers of an operand at once. */
export interface OperandReader {
  /** The functions that `read` calls. */
  readonly declarations: Declarations;
  /** WGSL: the numbers at a position. */
  readonly read: (scope: TileScope, position: QuadPosition) => string;
}

/** The parameters of every reading function: it reads numbers at … at + 3 of line `line` of `lines`, each `length` long, of the matrix that begins at `from_`. */
const PARAMETERS = "(from_: u32, line: u32, lines: u32, at: u32, length: u32)";

/**
 * A function that reads aligned quads. It reads quad 0 in place of one that does not exist and discards it: a branch around the read is
 * slower on software adapters.
 *
 * @param read WGSL: the quad with index `i` of the operand
 * @param none WGSL: zeros
 */
const guarded = (head: string, read: string, none: string): string => `
${head} {
  let there = line < lines && at < length;
  let i = select(0u, (from_ + line * length + at) / 4u, there);
  return select(${none}, ${read}, there);
}
`;

const whole = (side: Side): string => guarded(`fn read_${side}${PARAMETERS} -> vec4f`, `load4_${side}(i)`, "vec4f()");

/** Reads the numbers one by one, for lines whose length is not divisible by four. */
const ragged = (side: Side): string => `
fn number_${side}(i: u32, there: bool) -> f32 { return select(0.0, load_${side}(select(0u, i, there)), there); }
fn read_${side}${PARAMETERS} -> vec4f {
  let i = from_ + line * length + at;
  let left = select(0u, length - at, line < lines && at < length);
  return vec4f(number_${side}(i, left > 0u), number_${side}(i + 1u, left > 1u), number_${side}(i + 2u, left > 2u), number_${side}(i + 3u, left > 3u));
}
`;

/** Four numbers as f16 in two words; exact for numbers that were stored as f16. */
export const packing: Declarations = declare(
  `
fn packed(x: vec4f) -> vec2u { return vec2u(pack_half(x.xy), pack_half(x.zw)); }
`,
  packHalf,
);

const reading = (side: Side, format: GemmFormat): Declarations => declare(format.whole[side] ? whole(side) : ragged(side));

/** WGSL: the arguments of a reader's function for a position. */
function argumentsAt(side: Side, format: GemmFormat, { firstOf }: TileScope, { across, term }: QuadPosition): string {
  const size = side === "a" ? "p.m" : "p.n";
  const [line, lines, first, length] = alongK(side, format) ? [across, size, term, "p.k"] : [term, "p.k", across, size];
  return `${firstOf[side]}, ${line}, ${lines}, ${first}, ${length}`;
}

/** Reads a `vec4f`, rounded to the type of the factors. */
export function quadReader(side: Side, format: GemmFormat): OperandReader {
  const rounds = format.factors === "f16" && format[side] === "f32";
  const code = `
fn quad_${side}${PARAMETERS} -> vec4f {
  let x = read_${side}(from_, line, lines, at, length);
  return ${rounds ? "vec4f(unpack2x16float(packed(x).x), unpack2x16float(packed(x).y))" : "x"};
}
`;
  return {
    declarations: declare(code, reading(side, format), ...(rounds ? [packing] : [])),
    read: (scope, position) => `quad_${side}(${argumentsAt(side, format, scope, position)})`,
  };
}

/** Reads a `vec2u`: the numbers as f16, two to a word. */
export function wordReader(side: Side, format: GemmFormat): OperandReader {
  const head = `fn words_of_${side}${PARAMETERS} -> vec2u`;
  const asStored = format.whole[side] && format[side] === "f16";
  return {
    declarations: asStored
      ? declare(guarded(head, `words_${side}(i)`, "vec2u()"))
      : declare(`${head} { return packed(read_${side}(from_, line, lines, at, length)); }\n`, packing, reading(side, format)),
    read: (scope, position) => `words_of_${side}(${argumentsAt(side, format, scope, position)})`,
  };
}

/** Reads four numbers of a factor of matrix units. */
export interface FactorReader extends OperandReader {
  /** WGSL type of what `read` gives. */
  readonly held: string;
  /** WGSL: its four numbers, in the type of the factors. */
  readonly numbers: (held: string) => string;
}

/** @param factors what the units multiply */
export const factorReader = (side: Side, format: GemmFormat, factors: Storage): FactorReader =>
  factors === "f16"
    ? { ...wordReader(side, format), held: "vec2u", numbers: (held) => `bitcast<vec4<f16>>(${held})` }
    : { ...quadReader(side, format), held: "vec4f", numbers: (held) => held };

/** WGSL: component `term` of each of four quads, as one quad: a line of their block of 4 × 4, transposed. */
export const transposed = (quad: (i: number) => string, term: number): string => vec4((i) => `${quad(i)}[${term}]`);
