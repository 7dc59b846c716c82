/**
 * Products by the matrix units of subgroups: f16 times f16, sums in f32.
 *
 * A workgroup makes a tile of C and goes along k in steps. For each step it has a panel of A and one of B in workgroup memory as f16, as they lie in
 * memory; each subgroup multiplies its fragments, M × K by K × N, into sums that it keeps. What comes next is on its way into registers while
 * the units multiply. At the end the sums go through workgroup memory, a fragment of every subgroup at a time, so that edges, bias and storage
 * are those of every other variant.
 */
import { GROUP, program, variants, type Program } from "../../program.ts";
import type { MatrixShape } from "../../capabilities.ts";
import { place, productParams, tensorsOf, type Form } from "./form.ts";
import { alongK, at, halves, type Side } from "./operands.ts";
import { putting } from "./result.ts";
import { joined, range } from "./text.ts";

/** Subgroups of a workgroup below and beside one another, and fragments of each. */
export interface Layout {
  readonly subgroups: readonly [down: number, across: number];
  readonly fragments: readonly [down: number, across: number];
}

export const matrixLayouts: readonly Layout[] = [
  { subgroups: [2, 2], fragments: [4, 4] },
  { subgroups: [2, 2], fragments: [2, 2] },
  { subgroups: [1, 2], fragments: [2, 1] },
];

export interface MatrixTile extends Layout {
  readonly shape: MatrixShape;
  /** Threads of a subgroup. */
  readonly size: number;
  /** Terms of a step, a multiple of the shape's. */
  readonly depth: number;
  /** Numbers that lines of a panel are longer than what they hold, so that neighbouring lines lie in different banks. */
  readonly gap: number;
}

const [F16_BYTES, F32_BYTES] = [2, 4];

/** Of what one subgroup makes. */
export const ownSides = ({ fragments, shape }: MatrixTile): readonly [rows: number, columns: number] => [
  fragments[0] * shape.m,
  fragments[1] * shape.n,
];

export const sidesOf = (tile: MatrixTile): readonly [rows: number, columns: number] => {
  const [ownRows, ownColumns] = ownSides(tile);
  return [tile.subgroups[0] * ownRows, tile.subgroups[1] * ownColumns];
};

export const matrixThreads = ({ subgroups: [down, across], size }: MatrixTile): number => down * across * size;

/** A panel as it lies in workgroup memory: lines, and numbers of a line. */
interface Panel {
  readonly lines: number;
  readonly length: number;
  readonly stride: number;
}

function panelOf(t: Side, tile: MatrixTile, form: Form): Panel {
  const side = sidesOf(tile)[t === "a" ? 0 : 1];
  const [lines, length] = alongK(t, form) ? [side, tile.depth] : [tile.depth, side];
  return { lines, length, stride: length + tile.gap };
}

/** Of the panels and of a fragment's sums of each subgroup. */
export function matrixBytes(tile: MatrixTile, form: Form): number {
  const halves = (["a", "b"] as const).map((t) => panelOf(t, tile, form)).reduce((sum, { lines, stride }) => sum + lines * stride, 0);
  const { subgroups, shape } = tile;
  return halves * F16_BYTES + subgroups[0] * subgroups[1] * shape.m * shape.n * F32_BYTES;
}

/** What a thread fetches of a panel, and how it lays it down: every threads-th quad of it. */
function moving(t: Side, tile: MatrixTile, form: Form): { readonly held: string; readonly fetch: string; readonly lay: string } {
  const { lines, length, stride } = panelOf(t, tile, form);
  const [threads, perLine] = [matrixThreads(tile), length / 4];
  const count = lines * perLine;
  const corner = t === "a" ? "row" : "column";
  const each = (text: (held: string, line: string, first: string) => string): string =>
    joined(
      range(Math.ceil(count / threads)).map((i) => {
        const quad = `(lane + ${i * threads}u)`;
        const moved = text(`${t}${i}`, `${quad} / ${perLine}u`, `4u * (${quad} % ${perLine}u)`);
        return (i + 1) * threads > count ? `if (${quad} < ${count}u) { ${moved} }` : moved;
      }),
    );
  const read = (line: string, first: string): string => {
    const [across, term] = alongK(t, form) ? [line, first] : [first, line];
    return at("words", t, form, { across: `${corner} + ${across}`, term: `term + ${term}` });
  };
  return {
    held: joined(range(Math.ceil(count / threads)).map((i) => `var ${t}${i} = vec2u();`)),
    fetch: each((held, line, first) => `${held} = ${read(line, first)};`),
    lay: each((held, line, first) => {
      const numbers = range(4).map((s) => `panel_${t}[to + ${s}u] = x[${s}];`);
      return `{ let x = bitcast<vec4<f16>>(${held}); let to = ${line} * ${stride}u + ${first}; ${numbers.join(" ")} }`;
    }),
  };
}

/** The fragment of a panel that begins at row or column `across` of the tile and at term `term` of the step. */
function load(t: Side, tile: MatrixTile, form: Form, across: string, term: number): string {
  const { m, n, k } = tile.shape;
  const { stride } = panelOf(t, tile, form);
  const type = t === "a" ? `subgroup_matrix_left<f16, ${k}, ${m}>` : `subgroup_matrix_right<f16, ${n}, ${k}>`;
  const order = form[t === "a" ? "ta" : "tb"] ? "col_major" : "row_major";
  const first = alongK(t, form) ? `(${across}) * ${stride}u + ${term}u` : `${term * stride}u + ${across}`;
  return `subgroupMatrixLoad<${type}, ${order}>(&panel_${t}, ${first}, ${stride}u)`;
}

export const matrixProgram: (tile: MatrixTile, form: Form) => Program = variants((tile: MatrixTile, form: Form): Program => {
  const { shape, subgroups, fragments, size, depth } = tile;
  const { m: M, n: N, k: K } = shape;
  const [rows, columns] = sidesOf(tile);
  const [ownRows, ownColumns] = ownSides(tile);
  const [a, b] = [moving("a", tile, form), moving("b", tile, form)];
  const eachSum = (line: (i: number, j: number) => string): string =>
    joined(range(fragments[0]).flatMap((i) => range(fragments[1]).map((j) => line(i, j))));
  const step = range(depth / K).map((s) => {
    const lefts = range(fragments[0]).map((i) => `let x${i} = ${load("a", tile, form, `firstRow + ${i * M}u`, s * K)};`);
    const rights = range(fragments[1]).map((j) => `let y${j} = ${load("b", tile, form, `firstColumn + ${j * N}u`, s * K)};`);
    return `{\n${joined(lefts)}${joined(rights)}${eachSum((i, j) => `sum${i}_${j} = subgroupMatrixMultiplyAccumulate(x${i}, y${j}, sum${i}_${j});`)}}`;
  });
  const [panelOfA, panelOfB] = [panelOf("a", tile, form), panelOf("b", tile, form)];
  return program({
    name: "matmul",
    tensors: tensorsOf(form),
    params: productParams,
    workgroup: [matrixThreads(tile), 1, 1],
    enables: ["f16", "subgroups", "chromium_experimental_subgroup_matrix"],
    builtins: { subgroup: "subgroup_id" },
    declarations: `${halves(form)}${putting(form)}
var<workgroup> panel_a: array<f16, ${panelOfA.lines * panelOfA.stride}>;
var<workgroup> panel_b: array<f16, ${panelOfB.lines * panelOfB.stride}>;
var<workgroup> results: array<f32, ${subgroups[0] * subgroups[1] * M * N}>;
/** Writes the fragment whose sums lie at \`first\` in the results, of the C that begins at \`into\`; \`one\` of the threads that do so. */
fn put_fragment(first: u32, into: u32, row: u32, column: u32, one: u32) {
  for (var i = 4u * one; i < ${M * N}u; i += ${4 * size}u) {
    let sums = vec4f(results[first + i], results[first + i + 1u], results[first + i + 2u], results[first + i + 3u]);
    put(into, row + i / ${N}u, column + i % ${N}u, sums);
  }
}
`,
    main: `  let tile = ${GROUP};
  if (tile >= p.count) { return; }
${place({ rows, columns })}let firstRow = (subgroup / ${subgroups[1]}u) * ${ownRows}u;
let firstColumn = (subgroup % ${subgroups[1]}u) * ${ownColumns}u;
${a.held}${b.held}${eachSum((i, j) => `var sum${i}_${j}: subgroup_matrix_result<f32, ${N}, ${M}>;`)}for (var term = start; term < end + ${depth}u; term += ${depth}u) {
if (term < end) {
${a.fetch}${b.fetch}}
if (term > start) {
${joined(step)}}
workgroupBarrier();
if (term < end) {
${a.lay}${b.lay}}
workgroupBarrier();
}
let mine = lane / ${size}u;
let mineRow = row + (mine / ${subgroups[1]}u) * ${ownRows}u;
let mineColumn = column + (mine % ${subgroups[1]}u) * ${ownColumns}u;
${eachSum(
  (i, j) => `subgroupMatrixStore<row_major>(&results, subgroup * ${M * N}u, sum${i}_${j}, ${N}u);
workgroupBarrier();
put_fragment(mine * ${M * N}u, into, mineRow + ${i * M}u, mineColumn + ${j * N}u, lane % ${size}u);
workgroupBarrier();`,
)}`,
  });
});
