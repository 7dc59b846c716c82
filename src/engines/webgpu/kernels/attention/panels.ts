/**
 * How rows come to the panel of a workgroup on matrix units. The panel holds the rows of an own matrix until its fragments are in registers, and then
 * two tiles of other rows. The next tiles are fetched into registers while the units multiply; the fetch is asked for before a barrier, so that no
 * thread of a subgroup comes to the units later than the others.
 */
import { declare, type Declarations } from "../../program.ts";
import { joined, range, vec4 } from "../text.ts";
import { rowAccess, type AttentionOperands } from "./format.ts";
import { factorsOf, fourFactors } from "../units.ts";
import { matrixThreads, ownRows, panelLine, panelLines, type MatrixFormat } from "./matrixFormat.ts";

/** `quad_t(first, i, end)`: the i-th vector of the rows from `first` on, as factors; zeros from row `end` on. */
const reading = (t: string, format: MatrixFormat, ofWords: boolean): string => {
  const { width, whole, factors } = format;
  const type = fourFactors(format);
  return `
fn quad_${t}(first: u32, i: u32, end: u32) -> ${type} {
  let row = first + i / ${width / 4}u;
  if (row >= end) { return ${type}(); }
${
  whole && ofWords && factors === "f16"
    ? `  let words = words_${t}(row * ${width / 4}u + i % ${width / 4}u);
  return bitcast<vec4<f16>>(words);`
    : `  return factors_of(read_${t}(row, i % ${width / 4}u));`
}
}
`;
};

export const panelDeclarations = (operands: AttentionOperands, format: MatrixFormat): Declarations =>
  declare(
    [...operands.own, ...operands.others].map((t) => reading(t, format, operands.reads[t] === "f16")).join("") +
      joined([
        `var<workgroup> panel: array<${fourFactors(format)}, ${panelLines(format) * panelLine(format)}>;`,
        ...operands.othersNumbers.map((t) => `var<workgroup> tile_${t}: array<vec4f, ${format.tile / 4}>;`),
      ]),
    factorsOf(format),
    rowAccess(operands, format),
  );

/** WGSL: where vector i of some rows lies in the panel, whose line `line` is the first of them. */
const inPanel = (format: MatrixFormat, line: number, i: string): string =>
  `panel[${line * panelLine(format)}u + (${i}) / ${format.width / 4}u * ${panelLine(format)}u + (${i}) % ${format.width / 4}u]`;

/** Moves the workgroup's rows of matrix t to the panel. */
export const ownToPanel = (t: string, format: MatrixFormat): string => `workgroupBarrier();
for (var i = lane; i < ${(ownRows(format) * format.width) / 4}u; i += ${matrixThreads(format)}u) {
${inPanel(format, 0, "i")} = quad_${t}(first_own, i, (head + 1u) * p.own);
}
workgroupBarrier();
`;

/** The first line of a tile in the panel. */
export const tileLine = ({ others }: AttentionOperands, t: string, { tile }: MatrixFormat): number => others.indexOf(t) * tile;

/** A vector of the tiles that one thread moves: the register that it goes through. */
interface Move {
  readonly t: string;
  readonly register: string;
  /** WGSL: index of the vector in its tile. */
  readonly i: string;
  /** Whether all threads have such a vector. */
  readonly all: boolean;
}

function movesOf({ others }: AttentionOperands, format: MatrixFormat): readonly Move[] {
  const [threads, count] = [matrixThreads(format), (format.tile * format.width) / 4];
  return others.flatMap((t) =>
    range(Math.ceil(count / threads)).map((s) => ({
      t,
      register: `next_${t}${s}`,
      i: s === 0 ? "lane" : `lane + ${s * threads}u`,
      all: (s + 1) * threads <= count,
    })),
  );
}

/** A loop over the other rows of the head; `first` is in scope of its body, the index in the head of the tile's first row. */
export function overTiles(operands: AttentionOperands, format: MatrixFormat, body: string): string {
  const { othersNumbers } = operands;
  const { tile, width } = format;
  const moves = movesOf(operands, format);
  const each = (text: (move: Move) => string): string =>
    joined(moves.map((move) => (move.all ? text(move) : `if (${move.i} < ${(tile * width) / 4}u) { ${text(move)} }`)));
  const eachNumber = (text: (t: string) => string): string =>
    othersNumbers.length === 0 ? "" : `if (lane < ${tile / 4}u) {\n${joined(othersNumbers.map(text))}}\n`;
  const number = (t: string, from: string): string =>
    vec4((s) => `load_${t}(head * p.others + min(${from} + 4u * lane + ${s}u, p.others - 1u))`);
  const fetched = (from: string): string =>
    each(({ t, register, i }) => `${register} = quad_${t}(head * p.others + ${from}, ${i}, (head + 1u) * p.others);`) +
    eachNumber((t) => `next_${t} = ${number(t, from)};`);
  const registers = moves.map(({ register }) => `var ${register} = ${fourFactors(format)}();`);
  const numbers = othersNumbers.map((t) => `var next_${t} = vec4f();`);
  return `${joined([...registers, ...numbers])}${fetched("0u")}for (var first = 0u; first < p.others; first += ${tile}u) {
workgroupBarrier();
${each(({ t, register, i }) => `${inPanel(format, tileLine(operands, t, format), i)} = ${register};`)}${eachNumber((t) => `tile_${t}[lane] = next_${t};`)}${fetched(`first + ${tile}u`)}workgroupBarrier();
${body}}
`;
}
