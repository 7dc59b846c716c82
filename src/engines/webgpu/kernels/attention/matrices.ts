/**
 * Attention on the matrix units of subgroups, with sums in f32.
 *
 * A workgroup has a block of own rows, a strip of M rows for each subgroup, whose fragments stay in registers, and goes over the other rows tile by
 * tile. Fragments hide which thread has which number, so products pass through workgroup memory on their way to weights: a subgroup leaves those of
 * its strip there in f32, a few threads share a row of them, and they write the weights to an array of factors.
 *
 * A strip beyond the own rows and a fragment beyond the other rows are not multiplied.
 */
import { declare, program, WORKGROUP, type Declarations, type Program } from "../../program.ts";
import { joined, range } from "../text.ts";
import { fourFactors, loaded, loadedSums, multiplyAdded, storedSums, unitProgram, zeroSums, type Place } from "../units.ts";
import { params, tensorsOf, type AttentionOperands } from "./format.ts";
import { matrixThreads, ownRows, panelLine, perRow, scoreLine, weightLine, type MatrixFormat, type MatrixNeeds } from "./matrixFormat.ts";
import { overTiles, ownToPanel, panelDeclarations, tileLine } from "./panels.ts";

/**
 * The text of `main`, which only a program of `matrixProgram` can have: statements in terms of what it declares. That is `head`; `row`, a row that
 * the thread shares with some others; `there`, whether there is such a row; and `part`, the thread's index among these threads.
 */
export interface StripText {
  /** Leaves the products of the strip's rows of x and all rows of the tile of y as the scores number `into`. */
  readonly products: (x: string, y: string, into: number) => string;
  /** WGSL: four scores of the thread's row. */
  readonly score: (from: number, quad: string) => string;
  /** WGSL: which four of the tile's rows exist. */
  readonly inside: (quad: string) => string;
  /** Sets four weights of the thread's row. */
  readonly weigh: (into: number, quad: string, weights: string) => string;
  /** Declares t = 0: sums for the strip's rows of a result. */
  readonly sums: (t: string) => string;
  /** t ← t + weights · y, once all weights have been set. */
  readonly addWeighted: (t: string, from: number, y: string) => string;
  /** t ← t · factor, by row. It overwrites scores number 0. */
  readonly scaled: (t: string, factor: string) => string;
  /** Writes the sums `from`, times a factor, to the strip's rows of matrix t. */
  readonly written: (t: string, from: string, factor: string) => string;
  /** A loop over the other rows of the head. */
  readonly overTiles: (body: string) => string;
}

/** Statements that only subgroups whose strip has rows run; all threads of a subgroup do or do not. */
const inStrips = (text: string): string => `if (subgroup < strips) {\n${text}}\n`;

/** Text for the parts of a tile of `length` rows; those beyond the other rows are left out when the program runs. */
const eachPart = (format: MatrixFormat, length: number, text: (from: number) => string): string =>
  range(format.tile / length)
    .map((j) => (j === 0 ? text(0) : `if (first + ${j * length}u < p.others) {\n${text(j * length)}}\n`))
    .join("");

const scorePlace = (format: MatrixFormat, array: number, column: number): Place => ({
  array: "scores",
  first: `(${array * ownRows(format)}u + subgroup * ${format.shape.m}u) * ${scoreLine(format)}u + ${column / 4}u`,
  stride: scoreLine(format),
});

const tilePlace = (operands: AttentionOperands, format: MatrixFormat, t: string, row: number, column: number): Place => ({
  array: "panel",
  first: `${(tileLine(operands, t, format) + row) * panelLine(format) + column / 4}u`,
  stride: panelLine(format),
});

function products(operands: AttentionOperands, format: MatrixFormat, x: string, y: string, into: number): string {
  const { shape, width } = format;
  return inStrips(
    eachPart(format, shape.n, (row) => {
      const terms = range(width / shape.k).map((c) =>
        multiplyAdded(`own_${x}${c}`, loaded(format, "right", "col_major", tilePlace(operands, format, y, row, c * shape.k)), "product"),
      );
      return `{\n${zeroSums(format, "product")}\n${joined(terms)}${storedSums(format, "product", scorePlace(format, into, row))}\n}\n`;
    }),
  );
}

function addWeighted(operands: AttentionOperands, format: MatrixFormat, t: string, from: number, y: string): string {
  const { shape, width } = format;
  const line = weightLine(format);
  return inStrips(
    eachPart(format, shape.k, (row) => {
      const first = `(${from * ownRows(format)}u + subgroup * ${shape.m}u) * ${line}u + ${row / 4}u`;
      const terms = range(width / shape.n).map((c) =>
        multiplyAdded("weight", loaded(format, "right", "row_major", tilePlace(operands, format, y, row, c * shape.n)), `${t}${c}`),
      );
      return `{\nlet weight = ${loaded(format, "left", "row_major", { array: "weights", first, stride: line })};\n${joined(terms)}}\n`;
    }),
  );
}

/** Text for the fragments of sums, as many at once as there are scores of a row. */
function inTurns({ shape, width, tile }: MatrixFormat, text: (fragments: readonly number[]) => string): string {
  const [count, atOnce] = [width / shape.n, tile / shape.n];
  return range(Math.ceil(count / atOnce))
    .map((turn) => text(range(count).slice(turn * atOnce, (turn + 1) * atOnce)))
    .join("");
}

/** Leaves fragments of sums in the scores, and runs `text` for each vector of four of the thread's row; `to` is its index in the row of t. */
function throughScores(t: string, format: MatrixFormat, fragments: readonly number[], text: string): string {
  const { n } = format.shape;
  const [from = 0] = fragments;
  const stored = fragments.map((c) => storedSums(format, `${t}${c}`, scorePlace(format, 0, (c - from) * n)));
  return `workgroupBarrier();
${inStrips(joined(stored))}workgroupBarrier();
if (there) {
for (var c = part; c < ${(fragments.length * n) / 4}u; c += ${perRow(format)}u) {
let at = own_row * ${scoreLine(format)}u + c;
let to = ${(from * n) / 4}u + c;
${text}
}
}
`;
}

const written = (t: string, from: string, factor: string, format: MatrixFormat): string =>
  inTurns(format, (fragments) => throughScores(from, format, fragments, `write_${t}(row, to, ${factor} * scores[at]);`));

const scaled = (t: string, factor: string, format: MatrixFormat): string =>
  inTurns(format, (fragments) => {
    const [from = 0] = fragments;
    const loaded = fragments.map((c) => loadedSums(format, `${t}${c}`, scorePlace(format, 0, (c - from) * format.shape.n)));
    return `${throughScores(t, format, fragments, `scores[at] *= ${factor};`)}workgroupBarrier();\n${inStrips(joined(loaded))}`;
  });

/** WGSL: the sum of the number `x` over the threads of a row, which all threads of the workgroup ask for. */
export const sumOfRow = (name: string, x: string, format: MatrixFormat): string => `workgroupBarrier();
parts[lane] = ${x};
workgroupBarrier();
var ${name} = 0.0;
for (var i = 0u; i < ${perRow(format)}u; i++) { ${name} += parts[own_row * ${perRow(format)}u + i]; }
`;

/** In terms of what `matrixProgram` declares. */
const stripText = (operands: AttentionOperands, format: MatrixFormat): StripText => ({
  products: (x, y, into) => products(operands, format, x, y, into),
  score: (from, quad) => `scores[(${from * ownRows(format)}u + own_row) * ${scoreLine(format)}u + ${quad}]`,
  inside: (quad) => `(vec4u(first + 4u * ${quad}) + vec4u(0u, 1u, 2u, 3u) < vec4u(p.others))`,
  weigh: (into, quad, weights) =>
    `weights[(${into * ownRows(format)}u + own_row) * ${weightLine(format)}u + ${quad}] = factors_of(${weights});`,
  sums: (t) => joined(range(format.width / format.shape.n).map((c) => zeroSums(format, `${t}${c}`))),
  addWeighted: (t, from, y) => addWeighted(operands, format, t, from, y),
  scaled: (t, factor) => scaled(t, factor, format),
  written: (t, from, factor) => written(t, from, factor, format),
  overTiles: (body) => overTiles(operands, format, body),
});

function workgroupMemory(format: MatrixFormat, { scores, weights }: MatrixNeeds): Declarations {
  const rows = ownRows(format);
  return declare(
    joined([
      `var<workgroup> scores: array<vec4f, ${scores * rows * scoreLine(format)}>;`,
      `var<workgroup> weights: array<${fourFactors(format)}, ${weights * rows * weightLine(format)}>;`,
      `var<workgroup> parts: array<f32, ${matrixThreads(format)}>;`,
    ]),
  );
}

/** Loads the strip's rows of matrix t into fragments. */
function ownFragments(t: string, format: MatrixFormat): string {
  const { shape, width } = format;
  const stride = panelLine(format);
  const loads = range(width / shape.k).map((c) => {
    const first = `subgroup * ${shape.m * stride}u + ${(c * shape.k) / 4}u`;
    return `let own_${t}${c} = ${loaded(format, "left", "row_major", { array: "panel", first, stride })};`;
  });
  return `${ownToPanel(t, format)}${joined(loads)}`;
}

/** A program in which each subgroup has a strip of own rows. */
export function matrixProgram(
  operands: AttentionOperands,
  format: MatrixFormat,
  needs: MatrixNeeds,
  main: (strip: StripText) => string,
  more: Declarations = declare(""),
): Program {
  const { shape } = format;
  const rows = ownRows(format);
  return program({
    name: operands.name,
    tensors: tensorsOf(operands, format),
    params,
    workgroup: [matrixThreads(format), 1, 1],
    covers: Object.keys(operands.writes),
    ...unitProgram(format),
    declarations: [panelDeclarations(operands, format), workgroupMemory(format, needs), more],
    main: `  let head = ${WORKGROUP} / p.blocks;
  if (head >= p.heads) { return; }
  let block = (${WORKGROUP} % p.blocks) * ${rows}u;
  let first_own = head * p.own + block;
  let strips = (p.own - block + ${shape.m - 1}u) / ${shape.m}u;
  let own_row = lane / ${perRow(format)}u;
  let part = lane % ${perRow(format)}u;
  let there = block + own_row < p.own;
  let row = head * p.own + min(block + own_row, p.own - 1u);
${operands.own.map((t) => ownFragments(t, format)).join("")}${main(stripText(operands, format))}`,
  });
}
