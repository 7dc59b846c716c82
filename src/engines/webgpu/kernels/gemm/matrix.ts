/**
 * GEMM on the matrix units of subgroups, with sums in f32.
 *
 * A workgroup computes a tile of C and goes along k in steps. For each step it has a panel of A and one of B in workgroup memory, with the lines
 * that they have in memory; each subgroup multiplies its fragments, M × K by K × N, and keeps the sums. The numbers of the next step are
 * fetched into registers while the units multiply, and then stored four at a time; in a second panel where there is memory for two. At the end the
 * sums pass through workgroup memory, one fragment of every subgroup at a time, so that they end in the same epilogue as those of every other
 * variant.
 */
import { declare, memoized, program, WORKGROUP, type Program } from "../../program.ts";
import { joined, range } from "../text.ts";
import { fourFactors, loaded, multiplyAdded, storedSums, unitProgram, zeroSums } from "../units.ts";
import { epilogueOf, type Epilogue } from "./epilogue.ts";
import { gemmParamTypes, tensorsOf, type GemmFormat } from "./format.ts";
import { matrixThreads, ownSides, panelOf, resultNumbers, sidesOf, vectorOf, type MatrixTile } from "./matrixTile.ts";
import { alongK, factorReader, type FactorReader, type Side } from "./operands.ts";
import { rowSumsOf, type RowSumText } from "./rowSums.ts";
import { tileOrigin, type TileScope } from "./tile.ts";

/** How the threads of a workgroup move a panel: thread `lane` takes every threads-th quad of it. */
interface PanelMove {
  /** Statements that declare the registers. */
  readonly registers: string;
  /** WGSL: the quads in the registers, as numbers. */
  readonly quads: readonly string[];
  /** Statements: memory → registers. */
  readonly fetch: string;
  /** Statements: registers → workgroup memory. */
  readonly store: string;
}

/** @param term WGSL: first term of the step */
function panelMove(side: Side, tile: MatrixTile, format: GemmFormat, reader: FactorReader, scope: TileScope, term: string): PanelMove {
  const { lines, length, stride } = panelOf(side, tile, format);
  const [threads, perLine] = [matrixThreads(tile), length / 4];
  const count = lines * perLine;
  const corner = side === "a" ? scope.row : scope.column;
  const register = (i: number): string => `${side}${i}`;
  const registers = range(Math.ceil(count / threads));
  const each = (text: (held: string, line: string, first: string) => string): string =>
    joined(
      registers.map((i) => {
        const quad = `(lane + ${i * threads}u)`;
        const moved = text(register(i), `${quad} / ${perLine}u`, `4u * (${quad} % ${perLine}u)`);
        return (i + 1) * threads > count ? `if (${quad} < ${count}u) { ${moved} }` : moved;
      }),
    );
  const read = (line: string, first: string): string => {
    const [across, inStep] = alongK(side, format) ? [line, first] : [first, line];
    return reader.read(scope, { across: `${corner} + ${across}`, term: `${term} + ${inStep}` });
  };
  return {
    registers: joined(registers.map((i) => `var ${register(i)} = ${reader.held}();`)),
    quads: registers.map((i) => reader.numbers(register(i))),
    fetch: each((held, line, first) => `${held} = ${read(line, first)};`),
    store: each((held, line, first) => {
      const to = `${filled(side, tile, format)}${line} * ${stride}u + ${first}`;
      if (vectorOf(tile) === 4) return `panel_${side}[(${to}) / 4u] = ${reader.numbers(held)};`;
      const numbers = range(4).map((s) => `panel_${side}[to + ${s}u] = x[${s}];`);
      return `{ let x = ${reader.numbers(held)}; let to = ${to}; ${numbers.join(" ")} }`;
    }),
  };
}

/** Numbers of a panel. */
const panelNumbers = (side: Side, tile: MatrixTile, format: GemmFormat): number => {
  const { lines, stride } = panelOf(side, tile, format);
  return lines * stride;
};

/** WGSL: where the panel begins that is filled, and the one that is multiplied; with two, `full` is the number of the latter. */
const filled = (side: Side, tile: MatrixTile, format: GemmFormat): string =>
  tile.buffers === 1 ? "" : `(1u - full) * ${panelNumbers(side, tile, format)}u + `;
const multipliedPanel = (side: Side, tile: MatrixTile, format: GemmFormat): string =>
  tile.buffers === 1 ? "" : `full * ${panelNumbers(side, tile, format) / vectorOf(tile)}u + `;

/** WGSL: the fragment of a panel that begins at row or column `across` of the tile and at term `term` of the step. */
function fragment(side: Side, tile: MatrixTile, format: GemmFormat, across: string, term: number): string {
  const { stride } = panelOf(side, tile, format);
  const order = format[side === "a" ? "ta" : "tb"] ? "col_major" : "row_major";
  const vector = vectorOf(tile);
  const inPanel = alongK(side, format)
    ? `(${across}) * ${stride / vector}u + ${term / vector}u`
    : `${(term * stride) / vector}u + ${vector === 1 ? across : `(${across}) / ${vector}u`}`;
  const first = `${multipliedPanel(side, tile, format)}${inPanel}`;
  return loaded(tile, side === "a" ? "left" : "right", order, { array: `panel_${side}`, first, stride: stride / vector });
}

/** Statements for each of a subgroup's fragments of C. */
const eachFragment = ({ fragments: [down, across] }: MatrixTile, line: (i: number, j: number) => string): string =>
  joined(range(down).flatMap((i) => range(across).map((j) => line(i, j))));

/** Statements that add the products of the step's panels to the sums of the subgroup, whose part of the tile begins at these WGSL values. */
function multiplied(tile: MatrixTile, format: GemmFormat, firstRow: string, firstColumn: string): string {
  const { shape, fragments, depth } = tile;
  const steps = range(depth / shape.k).map((s) => {
    const term = s * shape.k;
    const lefts = range(fragments[0]).map((i) => `let x${i} = ${fragment("a", tile, format, `${firstRow} + ${i * shape.m}u`, term)};`);
    const rights = range(fragments[1]).map((j) => `let y${j} = ${fragment("b", tile, format, `${firstColumn} + ${j * shape.n}u`, term)};`);
    const sums = eachFragment(tile, (i, j) => multiplyAdded(`x${i}`, `y${j}`, `sum${i}_${j}`));
    return `{\n${joined(lefts)}${joined(rights)}${sums}}`;
  });
  return joined(steps);
}

const workgroupMemory = (tile: MatrixTile, format: GemmFormat): string => {
  const vector = vectorOf(tile);
  const element = vector === 4 ? fourFactors(tile) : tile.factors;
  const panels = (["a", "b"] as const).map(
    (side) => `var<workgroup> panel_${side}: array<${element}, ${(tile.buffers * panelNumbers(side, tile, format)) / vector}>;`,
  );
  return `
${joined(panels)}var<workgroup> results: array<f32, ${resultNumbers(tile, format)}>;
`;
};

/** The function that stores a fragment of C: `size` threads take turns, and this is number `one` of them. */
const storeFragment = ({ shape: { m, n }, size }: MatrixTile, epilogue: Epilogue): string => `
/** Stores the fragment whose sums begin at \`first\` in the results. */
fn put_fragment(first: u32, into: u32, row: u32, column: u32, one: u32) {
  for (var i = 4u * one; i < ${m * n}u; i += ${4 * size}u) {
    let sums = vec4f(results[first + i], results[first + i + 1u], results[first + i + 2u], results[first + i + 3u]);
    ${epilogue.store({ firstOfC: "into", row: `row + i / ${n}u`, column: `column + i % ${n}u`, sums: "sums" })}
  }
}
`;

/** Statements for the sums of A's rows, for A stored k × m: of the threads that fetch the same four rows, each has the sums over a part of the terms. */
function rowTotals(
  tile: MatrixTile,
  { quads }: PanelMove,
  rowSums: RowSumText,
  scope: TileScope,
): { readonly add: string; readonly put: string } {
  const [perTerm, threads] = [sidesOf(tile)[0] / 4, matrixThreads(tile)];
  const add = joined(quads.map((quad) => `total += vec4f(${quad});`));
  const result = (of: string): string =>
    `vec4f(${range(4)
      .map((s) => `results[4u * ${of} + ${s}u]`)
      .join(", ")})`;
  const put = `${joined(range(4).map((s) => `results[4u * lane + ${s}u] = total[${s}];`))}workgroupBarrier();
if (lane < ${perTerm}u) {
for (var other = lane + ${perTerm}u; other < ${threads}u; other += ${perTerm}u) { total += ${result("other")}; }
${rowSums.store(scope, `${scope.row} + 4u * lane`, "total")}
}
workgroupBarrier();
`;
  const first = (statements: string): string => rowSums.ifWanted(`if (${scope.column} == 0u) {\n${statements}}\n`);
  return { add: first(add), put: first(put) };
}

export const matrixProgram: (tile: MatrixTile, format: GemmFormat) => Program = memoized(
  (tile: MatrixTile, format: GemmFormat): Program => {
    const { shape, subgroups, size, depth } = tile;
    const { m: M, n: N } = shape;
    const [rows, columns] = sidesOf(tile);
    const [ownRows, ownColumns] = ownSides(tile);
    const { code, scope } = tileOrigin("tile", { rows, columns });
    const [readerOfA, readerOfB, epilogue] = [
      factorReader("a", format, tile.factors),
      factorReader("b", format, tile.factors),
      epilogueOf(format),
    ];
    const a = panelMove("a", tile, format, readerOfA, scope, "term");
    const b = panelMove("b", tile, format, readerOfB, scope, "term");
    const rowSums = rowSumsOf(format);
    const totals = rowTotals(tile, a, rowSums, scope);
    const results = { array: "results", first: `subgroup * ${M * N}u`, stride: N };
    const store = (i: number, j: number): string => `${storedSums(tile, `sum${i}_${j}`, results)}
workgroupBarrier();
put_fragment(mine * ${M * N}u, ${scope.firstOf.c}, mineRow + ${i * M}u, mineColumn + ${j * N}u, lane % ${size}u);
workgroupBarrier();`;
    return program({
      name: "matmul",
      tensors: tensorsOf(format),
      covers: ["c"],
      params: gemmParamTypes,
      workgroup: [matrixThreads(tile), 1, 1],
      ...unitProgram(tile),
      declarations: [
        readerOfA.declarations,
        readerOfB.declarations,
        declare(storeFragment(tile, epilogue), epilogue.declarations, rowSums.declarations, declare(workgroupMemory(tile, format))),
      ],
      main: `  let tile = ${WORKGROUP};
  if (tile >= p.count) { return; }
${code}let firstRow = (subgroup / ${subgroups[1]}u) * ${ownRows}u;
let firstColumn = (subgroup % ${subgroups[1]}u) * ${ownColumns}u;
${tile.buffers === 1 ? "" : "var full = 0u;\n"}${a.registers}${b.registers}${rowSums.ifWanted("var total = vec4f();\n")}${eachFragment(tile, (i, j) => zeroSums(tile, `sum${i}_${j}`))}for (var term = ${scope.start}; term < ${scope.end} + ${depth}u; term += ${depth}u) {
if (term < ${scope.end}) {
${a.fetch}${b.fetch}${totals.add}}
if (term > ${scope.start}) {
${multiplied(tile, format, "firstRow", "firstColumn")}}
${tile.buffers === 1 ? "workgroupBarrier();\n" : ""}if (term < ${scope.end}) {
${a.store}${b.store}}
workgroupBarrier();
${tile.buffers === 1 ? "" : "full = 1u - full;\n"}}
${totals.put}let mine = lane / ${size}u;
let mineRow = ${scope.row} + (mine / ${subgroups[1]}u) * ${ownRows}u;
let mineColumn = ${scope.column} + (mine % ${subgroups[1]}u) * ${ownColumns}u;
${eachFragment(tile, store)}`,
    });
  },
);
