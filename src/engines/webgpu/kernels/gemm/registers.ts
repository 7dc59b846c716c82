/**
 * GEMM without workgroup memory, for software adapters: a register tile of C for each thread, or for each quad of a subgroup.
 *
 * The four threads of a quad share a tile of four times the columns: each reads a fourth of the tile's numbers of A and broadcasts them to the
 * others. On software adapters reading is slow, and broadcasting is not.
 */
import { memoized, program, WORKGROUP, type Program } from "../../program.ts";
import { joined, range } from "../text.ts";
import { epilogueOf } from "./epilogue.ts";
import { gemmParamTypes, tensorsOf, type GemmFormat } from "./format.ts";
import { alongK, quadReader, transposed, type QuadPosition } from "./operands.ts";
import { rowSumsOf } from "./rowSums.ts";
import { tileOrigin } from "./tile.ts";

export interface RegisterTile {
  readonly rows: number;
  readonly columns: number;
  /** Threads of a tile. */
  readonly threads: 1 | 4;
}

/** Threads of a workgroup: few, so that few tiles keep several cores busy. */
export const REGISTER_THREADS = 16;

/** WGSL: reads four numbers of an operand. */
type Read = (position: QuadPosition) => string;

/** How a thread reads A for four terms `j` … `j + 3`. */
interface LeftOperand {
  readonly reads: readonly string[];
  /** WGSL: the number of row r at term q. */
  readonly number: (r: number, q: number) => string;
}

/** The sums of A's rows, for A stored k × m: each thread of a quad has every fourth term. */
function rowTotals({ rows, threads }: RegisterTile): {
  readonly registers: string;
  readonly add: string;
  readonly total: (i: number) => string;
} {
  const quads = range(rows / 4);
  const terms = range(threads === 1 ? 4 : 1);
  const all = (i: number): string =>
    range(4)
      .map((from) => `quadBroadcast(total${i}, ${from}u)`)
      .join(" + ");
  return {
    registers: joined(quads.map((i) => `var total${i} = vec4f();`)),
    add: joined(quads.map((i) => `total${i} += ${terms.map((q) => `x${q}_${i}`).join(" + ")};`)),
    total: (i) => (threads === 1 ? `total${i}` : all(i)),
  };
}

/**
 * @param row WGSL: the tile's first row
 * @param inQuad WGSL: index of the thread among those of its tile
 */
function leftOperand({ rows, threads }: RegisterTile, format: GemmFormat, read: Read, row: string, inQuad: string): LeftOperand {
  const broadcast = (x: string, from: number): string => `quadBroadcast(${x}, ${from}u)`;
  if (alongK("a", format)) {
    const reads = range(rows / threads).map((i) => `let x${i} = ${read({ across: `${row} + ${i * threads}u + ${inQuad}`, term: "j" })};`);
    return { reads, number: (r, q) => (threads === 1 ? `x${r}[${q}]` : broadcast(`x${Math.floor(r / 4)}[${q}]`, r % 4)) };
  }
  const terms = threads === 1 ? range(4) : [0];
  const reads = terms.flatMap((q) =>
    range(rows / 4).map((i) => `let x${q}_${i} = ${read({ across: `${row} + ${4 * i}u`, term: `j + ${q}u + ${inQuad}` })};`),
  );
  const number = (r: number, q: number): string => {
    const x = (term: number): string => `x${term}_${Math.floor(r / 4)}[${r % 4}]`;
    return threads === 1 ? x(q) : broadcast(x(0), q);
  };
  return { reads, number };
}

/** How a thread reads B: once for all four terms, or for each. */
interface RightOperand {
  readonly reads: readonly string[];
  /** Declares `y0`, `y1`, …: the quads of the thread's columns at term q. */
  readonly each: (q: number) => readonly string[];
}

/** @param column WGSL: the thread's first column */
function rightOperand({ columns, threads }: RegisterTile, format: GemmFormat, read: Read, column: string): RightOperand {
  const own = range(columns / 4 / threads);
  const first = (s: number): number => 4 * threads * s;
  if (!alongK("b", format))
    return {
      reads: [],
      each: (q) => own.map((s) => `let y${s} = ${read({ across: `${column} + ${first(s)}u`, term: `j + ${q}u` })};`),
    };
  return {
    reads: own.flatMap((s) => range(4).map((i) => `let y${s}_${i} = ${read({ across: `${column} + ${first(s) + i}u`, term: "j" })};`)),
    each: (q) => own.map((s) => `let y${s} = ${transposed((i) => `y${s}_${i}`, q)};`),
  };
}

export const registerProgram: (tile: RegisterTile, format: GemmFormat) => Program = memoized(
  (tile: RegisterTile, format: GemmFormat): Program => {
    const { rows, columns, threads } = tile;
    const own = range(columns / 4 / threads);
    const { code, scope } = tileOrigin("tile", tile);
    const [readerOfA, readerOfB, epilogue] = [quadReader("a", format), quadReader("b", format), epilogueOf(format)];
    const [rowSums, totals] = [rowSumsOf(format), rowTotals(tile)];
    const putTotals = joined(range(rows / 4).map((i) => rowSums.store(scope, `${scope.row} + ${4 * i}u`, `all${i}`)));
    const a = leftOperand(tile, format, (position) => readerOfA.read(scope, position), scope.row, "one");
    const b = rightOperand(tile, format, (position) => readerOfB.read(scope, position), "mine");
    const term = (q: number): string =>
      `    {\n${joined(b.each(q))}${range(rows)
        .map(
          (r) => `    { let x = vec4f(${a.number(r, q)}); ${own.map((s) => `sum${r}_${s} = fma(x, y${s}, sum${r}_${s});`).join(" ")} }\n`,
        )
        .join("")}    }\n`;
    const eachSum = (line: (r: number, s: number) => string): string => joined(range(rows).flatMap((r) => own.map((s) => line(r, s))));
    return program({
      name: "matmul",
      tensors: tensorsOf(format),
      covers: ["c"],
      params: gemmParamTypes,
      workgroup: [REGISTER_THREADS, 1, 1],
      enables: threads === 1 ? [] : ["subgroups"],
      declarations: [readerOfA.declarations, readerOfB.declarations, epilogue.declarations, rowSums.declarations],
      main: `  let thread = ${WORKGROUP} * ${REGISTER_THREADS}u + lane;
  let tile = thread / ${threads}u;
  let one = thread % ${threads}u;
${code}  let mine = ${scope.column} + 4u * one;
${eachSum((r, s) => `  var sum${r}_${s} = vec4f();`)}${rowSums.ifWanted(totals.registers)}  for (var term = 0u; term < p.length; term += 4u) {
    let j = ${scope.start} + term;
${joined(a.reads)}${joined(b.reads)}${rowSums.ifWanted(totals.add)}${range(4).map(term).join("")}  }
${rowSums.ifWanted(joined(range(rows / 4).map((i) => `let all${i} = ${totals.total(i)};`)))}  if (tile >= p.count) { return; }
${rowSums.ifWanted(`if (${scope.column} == 0u && one == 0u) {\n${putTotals}}\n`)}${eachSum((r, s) => `  ${epilogue.store({ firstOfC: scope.firstOf.c, row: `${scope.row} + ${r}u`, column: `mine + ${4 * threads * s}u`, sums: `sum${r}_${s}` })}`)}`,
    });
  },
);
