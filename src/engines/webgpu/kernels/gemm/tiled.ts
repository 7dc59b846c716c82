/**
 * GEMM through workgroup memory, for hardware with any WebGPU.
 *
 * A workgroup computes a square tile of C, side × side, and goes along k in steps of DEPTH. For each step it has a panel of A and one of B in
 * workgroup memory, term by term, so that a thread finds the numbers of its rows and of its columns four at a time. Each of its 2 · side threads
 * fetches a block of 4 × 4 numbers, the first half of the threads from A, and keeps it in registers while the panels of the previous step are
 * multiplied: arithmetic hides the latency of memory, and a step costs two barriers.
 */
import { declare, memoized, program, WORKGROUP, type Program } from "../../program.ts";
import { joined, range } from "../text.ts";
import { epilogueOf } from "./epilogue.ts";
import { gemmParamTypes, tensorsOf, type GemmFormat } from "./format.ts";
import { alongK, quadReader, transposed, type OperandReader, type Side } from "./operands.ts";
import { rowSumsOf } from "./rowSums.ts";
import { tileOrigin, type TileScope } from "./tile.ts";

/** Terms of a step. */
export const DEPTH = 16;

/** The number of adjacent quads that span all banks of workgroup memory, and of threads that store them at once. */
const ALL_BANKS = 8;

export interface SquareTile {
  readonly side: 128 | 64 | 32;
  /** The part that each of the 2 · side threads computes: rows · columns = side/2. */
  readonly rows: number;
  readonly columns: number;
}

export const squares: readonly SquareTile[] = [
  { side: 128, rows: 8, columns: 8 },
  { side: 64, rows: 8, columns: 4 },
  { side: 32, rows: 4, columns: 4 },
];

const F32_BYTES = 4;

export const squareThreads = ({ side }: SquareTile): number => 2 * side;
/** Workgroup memory of both panels. */
export const squareBytes = ({ side }: SquareTile): number => 2 * side * DEPTH * F32_BYTES;

/** How a thread moves a block of 4 × 4 numbers of an operand to its panel. */
interface BlockMove {
  /** Statements: memory → the registers `held0` … `held3`. */
  readonly fetch: string;
  /** Statements: these registers → the panel, term by term. */
  readonly store: string;
}

interface MoveNames {
  readonly reader: OperandReader;
  readonly scope: TileScope;
  /** WGSL: the array of the panel; index of the thread's block in it; first term of the step. */
  readonly panel: string;
  readonly block: string;
  readonly term: string;
}

function blockMove(of: Side, { side }: SquareTile, format: GemmFormat, { reader, scope, panel, block, term }: MoveNames): BlockMove {
  const [quadsOfK, quadsAcross] = [DEPTH / 4, side / 4];
  const corner = of === "a" ? scope.row : scope.column;
  const read = (across: string, t: string): string =>
    reader.read(scope, { across: `${corner} + 4u * ${across}`, term: `${term} + 4u * ${t}` });
  const stores = (across: string, t: string, quad: (q: number) => string): string =>
    joined(range(4).map((q) => `${panel}[(4u * ${t} + ${q}u) * ${quadsAcross}u + ${across}] = ${quad(q)};`));
  if (alongK(of, format)) {
    // four rows or columns with four terms each, transposed on the way to the panel
    const across = `(${block} % ${ALL_BANKS}u + ${ALL_BANKS}u * (${block} / ${ALL_BANKS * quadsOfK}u))`;
    const t = `(${block} / ${ALL_BANKS}u % ${quadsOfK}u)`;
    return {
      fetch: joined(range(4).map((i) => `held${i} = ${read(`${across} + ${i}u`, t)};`)),
      store: stores(across, t, (q) => transposed((i) => `held${i}`, q)),
    };
  }
  const [across, t] = [`(${block} % ${quadsAcross}u)`, `(${block} / ${quadsAcross}u)`];
  return {
    fetch: joined(range(4).map((q) => `held${q} = ${read(across, `${t} + ${q}u`)};`)),
    store: stores(across, t, (q) => `held${q}`),
  };
}

/**
 * WGSL: the sums of A's rows, for A stored k × m. A thread that fetches A has the sums of four rows over a fourth of the terms, and the panel of A, of
 * no use any more, gathers them.
 */
const rowTotals = ({ side }: SquareTile, put: (sums: string) => string): string => `if (ofA) { panel_a[block] = total; }
workgroupBarrier();
if (lane < ${side / 4}u) {
${put(
  range(DEPTH / 4)
    .map((t) => `panel_a[lane + ${(t * side) / 4}u]`)
    .join(" + "),
)}
}
`;

const panels = ({ side }: SquareTile): string => `
var<workgroup> panel_a: array<vec4f, ${(side * DEPTH) / 4}>;
var<workgroup> panel_b: array<vec4f, ${(side * DEPTH) / 4}>;
`;

export const squareProgram: (tile: SquareTile, format: GemmFormat) => Program = memoized(
  (tile: SquareTile, format: GemmFormat): Program => {
    const { side, rows, columns } = tile;
    const [down, across] = [side / rows, side / columns]; // threads of the workgroup
    const { code, scope } = tileOrigin("tile", { rows: side, columns: side });
    const [readerOfA, readerOfB, epilogue] = [quadReader("a", format), quadReader("b", format), epilogueOf(format)];
    const rowSums = rowSumsOf(format);
    const totals = rowTotals(tile, (sums) => rowSums.store(scope, `${scope.row} + 4u * lane`, sums));
    const names = { scope, block: "block", term: "term" };
    const a = blockMove("a", tile, format, { ...names, reader: readerOfA, panel: "panel_a" });
    const b = blockMove("b", tile, format, { ...names, reader: readerOfB, panel: "panel_b" });
    const [ownDown, ownAcross] = [range(rows / 4), range(columns / 4)];
    const eachSum = (line: (r: number, s: number) => string): string =>
      joined(range(rows).flatMap((r) => ownAcross.map((s) => line(r, s))));
    const read = (x: string, panel: string, quad: string): string => `let ${x} = ${panel}[j * ${side / 4}u + ${quad}];`;
    const multiply = `for (var j = 0u; j < ${DEPTH}u; j++) {
${joined(ownDown.map((i) => read(`x${i}`, "panel_a", `mineDown + ${i * down}u`)))}${joined(
      ownAcross.map((s) => read(`y${s}`, "panel_b", `mineAcross + ${s * across}u`)),
    )}${eachSum((r, s) => `sum${r}_${s} = fma(vec4f(x${Math.floor(r / 4)}[${r % 4}]), y${s}, sum${r}_${s});`)}}
`;
    const store = (r: number, s: number): string =>
      epilogue.store({
        firstOfC: scope.firstOf.c,
        row: `${scope.row} + 4u * (mineDown + ${Math.floor(r / 4) * down}u) + ${r % 4}u`,
        column: `${scope.column} + 4u * (mineAcross + ${s * across}u)`,
        sums: `sum${r}_${s}`,
      });
    return program({
      name: "matmul",
      tensors: tensorsOf(format),
      covers: ["c"],
      params: gemmParamTypes,
      workgroup: [squareThreads(tile), 1, 1],
      declarations: [readerOfA.declarations, readerOfB.declarations, epilogue.declarations, rowSums.declarations, declare(panels(tile))],
      main: `  let tile = ${WORKGROUP};
  if (tile >= p.count) { return; }
${code}  let ofA = lane < ${side}u;
  let block = lane % ${side}u;
  let mineDown = lane / ${across}u;
  let mineAcross = lane % ${across}u;
${joined(range(4).map((i) => `var held${i} = vec4f();`))}${rowSums.ifWanted("var total = vec4f();\n")}${eachSum((r, s) => `var sum${r}_${s} = vec4f();`)}
for (var term = ${scope.start}; term < ${scope.end} + ${DEPTH}u; term += ${DEPTH}u) {
if (term < ${scope.end}) {
if (ofA) {
${a.fetch}${rowSums.ifWanted("total += held0 + held1 + held2 + held3;\n")}} else {
${b.fetch}}
}
if (term > ${scope.start}) {
${multiply}}
workgroupBarrier();
if (term < ${scope.end}) {
if (ofA) {
${a.store}} else {
${b.store}}
}
workgroupBarrier();
}
${rowSums.ifWanted(`if (${scope.column} == 0u) {\n${totals}}\n`)}${eachSum(store)}`,
    });
  },
);
