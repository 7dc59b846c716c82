/**
 * Attention on the matrix units of subgroups, with sums in f32.
 *
 * A workgroup has a block of own rows, a strip of M rows for each subgroup, and goes over the other rows tile by tile; the rows lie in panels in
 * workgroup memory, in the type of the units' factors. Fragments hide which thread has which number, so scores pass through workgroup memory on their way to weights: a
 * subgroup leaves the scores of its strip there in f32, a few threads share a row of them, and they write the weights to an array of factors.
 */
import { declare, program, WORKGROUP, type Declarations, type Program } from "../../program.ts";
import { joined, range, vec4 } from "../text.ts";
import { factorsOf, loaded, multiplyAdded, storedSums, unitProgram, zeroSums } from "../units.ts";
import { params, rowAccess, tensorsOf, type AttentionOperands } from "./format.ts";
import { eachScore, matrixThreads, ownRows, panelLine, perRow, scoreLine, weightLine, type MatrixFormat } from "./matrixFormat.ts";

/** The text of `main`, which only a program of `matrixProgram` can have: what it declares, and statements in terms of that. */
export interface StripText {
  /** WGSL: index of the workgroup's head. */
  readonly head: string;
  /** WGSL: index of a row that the thread shares with some others; whether there is such a row; and its index among these threads. */
  readonly row: string;
  readonly there: string;
  readonly part: string;
  /** Leaves the scores of the strip's rows of x with all rows of the tile of y where the threads find them. */
  readonly scores: (x: string, y: string) => string;
  /** WGSL: a score of the thread's row. */
  readonly score: (column: string) => string;
  /** A statement for each of the thread's scores. */
  readonly eachScore: (text: (s: number, column: string) => string) => string;
  /** Sets a weight of the thread's row. */
  readonly weigh: (column: string, weight: string) => string;
  /** Declares t = 0: sums for the strip's rows of a result. */
  readonly sums: (t: string) => string;
  /** t ← t + weights · y, once all weights have been set. */
  readonly addWeighted: (t: string, y: string) => string;
  /** Writes the sums `from`, times a factor, to the strip's rows of matrix t, one fragment at a time. */
  readonly written: (t: string, from: string, factor: string) => string;
  /** A loop over the other rows of the head, with those of `fetched` in panels; `first` is WGSL, the index in the head of the tile's first row. */
  readonly overTiles: (fetched: readonly string[], body: (first: string) => string) => string;
}

/** `fetch_t`: moves rows first … first + count − 1 to the panel of t, with zeros from row `end` on. */
const fetching = (t: string, format: MatrixFormat): string => `
fn fetch_${t}(lane: u32, first: u32, count: u32, end: u32) {
  for (var i = lane; i < count * ${format.width / 4}u; i += ${matrixThreads(format)}u) {
    let row = first + i / ${format.width / 4}u;
    let c = i % ${format.width / 4}u;
    var numbers = vec4f();
    if (row < end) { numbers = read_${t}(row, c); }
    let rounded = factors_of(numbers);
    let to = (i / ${format.width / 4}u) * ${panelLine(format)}u + 4u * c;
    panel_${t}[to] = rounded.x;
    panel_${t}[to + 1u] = rounded.y;
    panel_${t}[to + 2u] = rounded.z;
    panel_${t}[to + 3u] = rounded.w;
  }
}
`;

function scores(x: string, y: string, format: MatrixFormat): string {
  const { shape, width, tile } = format;
  const { m, n, k } = shape;
  const line = panelLine(format);
  const columns = range(tile / n).map((j) => {
    const terms = range(width / k).map((c) => {
      const own = { array: `panel_${x}`, first: `subgroup * ${m * line}u + ${c * k}u`, stride: line };
      const other = { array: `panel_${y}`, first: `${j * n * line + c * k}u`, stride: line };
      return multiplyAdded(loaded(format, "left", "row_major", own), loaded(format, "right", "col_major", other), "product");
    });
    const to = { array: "scores", first: `subgroup * ${m * scoreLine(format)}u + ${j * n}u`, stride: scoreLine(format) };
    return `{
${zeroSums(format, "product")}
${joined(terms)}${storedSums(format, "product", to)}
}`;
  });
  return `${joined(columns)}workgroupBarrier();\n`;
}

function addWeighted(t: string, y: string, format: MatrixFormat): string {
  const { shape, width, tile } = format;
  const { m, n, k } = shape;
  const [ofWeights, ofPanel] = [weightLine(format), panelLine(format)];
  const terms = range(tile / k).flatMap((j) =>
    range(width / n).map((c) => {
      const own = { array: "weights", first: `subgroup * ${m * ofWeights}u + ${j * k}u`, stride: ofWeights };
      const other = { array: `panel_${y}`, first: `${j * k * ofPanel + c * n}u`, stride: ofPanel };
      return multiplyAdded(loaded(format, "left", "row_major", own), loaded(format, "right", "row_major", other), `${t}_${c}`);
    }),
  );
  return `workgroupBarrier();\n${joined(terms)}`;
}

function written(t: string, from: string, factor: string, format: MatrixFormat): string {
  const { shape, width, size } = format;
  const { m, n } = shape;
  const strip = { array: "scores", first: `subgroup * ${m * scoreLine(format)}u`, stride: scoreLine(format) };
  const quad = vec4((s) => `scores[at + ${s}u]`);
  return joined(
    range(width / n).map(
      (c) => `workgroupBarrier();
${storedSums(format, `${from}_${c}`, strip)}
workgroupBarrier();
for (var i = lane % ${size}u; i < ${(m * n) / 4}u; i += ${size}u) {
let of_strip = i / ${n / 4}u;
let at = (strip * ${m}u + of_strip) * ${scoreLine(format)}u + 4u * (i % ${n / 4}u);
if (block + strip * ${m}u + of_strip < p.own) { write_${t}(first_own + strip * ${m}u + of_strip, ${(c * n) / 4}u + i % ${n / 4}u, ${factor} * ${quad}); }
}`,
    ),
  );
}

const overTiles = (
  fetched: readonly string[],
  { tile }: MatrixFormat,
  body: string,
): string => `for (var first = 0u; first < p.others; first += ${tile}u) {
workgroupBarrier();
${joined(fetched.map((t) => `fetch_${t}(lane, head * p.others + first, ${tile}u, (head + 1u) * p.others);`))}workgroupBarrier();
${body}}
`;

/** In terms of what `matrixProgram` declares. */
const stripText = (format: MatrixFormat): StripText => ({
  head: "head",
  row: "row",
  there: "there",
  part: "part",
  scores: (x, y) => scores(x, y, format),
  score: (column) => `scores[own_row * ${scoreLine(format)}u + ${column}]`,
  eachScore: (text) => eachScore(format, "part", text),
  weigh: (column, weight) => `weights[own_row * ${weightLine(format)}u + ${column}] = factors_of(vec4f(${weight}, 0.0, 0.0, 0.0)).x;`,
  sums: (t) => joined(range(format.width / format.shape.n).map((c) => zeroSums(format, `${t}_${c}`))),
  addWeighted: (t, y) => addWeighted(t, y, format),
  written: (t, from, factor) => written(t, from, factor, format),
  overTiles: (fetched, body) => overTiles(fetched, format, body("first")),
});

function workgroupMemory({ own, others }: AttentionOperands, format: MatrixFormat): Declarations {
  const rows = ownRows(format);
  const panel = (t: string, lines: number): string => `var<workgroup> panel_${t}: array<${format.factors}, ${lines * panelLine(format)}>;`;
  return declare(
    joined([
      ...own.map((t) => panel(t, rows)),
      ...others.map((t) => panel(t, format.tile)),
      `var<workgroup> scores: array<f32, ${rows * scoreLine(format)}>;`,
      `var<workgroup> weights: array<${format.factors}, ${rows * weightLine(format)}>;`,
    ]),
  );
}

/** A program in which each subgroup has a strip of own rows. */
export function matrixProgram(operands: AttentionOperands, format: MatrixFormat, main: (strip: StripText) => string): Program {
  const { size, shape } = format;
  const { own, others } = operands;
  const rows = ownRows(format);
  const fetch = [...own, ...others].map((t) => fetching(t, format)).join("");
  return program({
    name: operands.name,
    tensors: tensorsOf(operands, format),
    covers: Object.keys(operands.writes),
    params,
    workgroup: [matrixThreads(format), 1, 1],
    ...unitProgram(format),
    declarations: [declare(fetch, factorsOf(format), rowAccess(operands, format), workgroupMemory(operands, format))],
    main: `  let head = ${WORKGROUP} / p.blocks;
  if (head >= p.heads) { return; }
  let block = (${WORKGROUP} % p.blocks) * ${rows}u;
  let first_own = head * p.own + block;
  let strip = lane / ${size}u;
  let own_row = strip * ${shape.m}u + (lane % ${size}u) / ${perRow(format)}u;
  let part = lane % ${perRow(format)}u;
  let there = block + own_row < p.own;
  let row = head * p.own + min(block + own_row, p.own - 1u);
${joined(own.map((t) => `fetch_${t}(lane, first_own, ${rows}u, (head + 1u) * p.own);`))}${main(stripText(format))}`,
  });
}
