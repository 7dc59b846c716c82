/**
 * Sums over the rows of matrices with n columns. A program adds up several terms at once, each giving a row of n sums. Long columns take two
 * stages: first a sum for each chunk of rows, then the sum over chunks.
 */
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Element } from "../accessors.ts";
import { inRow, program, WORKGROUP, type Dispatch, type Program } from "../program.ts";
import { SCRATCH_BYTES, type Access } from "../run.ts";
import { range } from "./text.ts";

const COLUMNS = 64;

/** The most rows that one thread adds up, as long as the scratch has room for the sums of the chunks. */
const CHUNK = 128;

/** WGSL: an element of a matrix [rows, n], by its index i in memory, and by its row and column. */
interface ElementScope {
  readonly i: string;
  readonly row: string;
  readonly column: string;
}

/** What a program adds up. */
export interface ColumnTerms {
  readonly name: string;
  readonly tensors: Readonly<Record<string, Element>>;
  /** WGSL: the terms of an element. */
  readonly terms: readonly ((scope: ElementScope) => string)[];
}

/** Sums of a chunk of rows: written as rows of `parts`, one a term; or to the outputs, where the chunk is the only one. */
function stageProgram({ name, tensors, terms }: ColumnTerms, only: boolean): Program {
  const outs = only ? Object.fromEntries(terms.map((_, s) => [`out${s}`, "f32" as const])) : { parts: "f32" as const };
  const store = (s: number): string =>
    only ? `  store_out${s}(column, sum${s});\n` : `  store_parts((chunk * ${terms.length}u + ${s}u) * p.n + column, sum${s});\n`;
  return program({
    name: `${name} by columns`,
    tensors: { ...outs, ...tensors },
    params: { rows: "u32", n: "u32", length: "u32", strips: "u32" },
    workgroup: [COLUMNS, 1, 1],
    main: `  let chunk = ${WORKGROUP} / p.strips;
  let column = (${WORKGROUP} % p.strips) * ${COLUMNS}u + lane;
  let start = chunk * p.length;
  if (column >= p.n || start >= max(p.rows, 1u)) { return; }
${terms.map((_, s) => `  var sum${s} = 0.0;\n`).join("")}  for (var row = start; row < min(start + p.length, p.rows); row++) {
    let i = row * p.n + column;
${terms.map((term, s) => `    sum${s} += ${term({ i: "i", row: "row", column: "column" })};\n`).join("")}  }
${terms.map((_, s) => store(s)).join("")}`,
  });
}

/** The second stage: adds up the sums of the chunks. */
const chunkSums = (count: number): ColumnTerms => ({
  name: "parts",
  tensors: { parts: "f32" },
  terms: range(count).map(
    (s) =>
      ({ row, column }) =>
        `load_parts((${row} * ${count}u + ${s}u) * p.n + ${column})`,
  ),
});

/** @param sums one [n] for each term; @param of the tensors that the terms read, in the order of the text */
export type ColumnSums = (access: Access, rows: number, n: number, sums: readonly Tensor[], of: readonly Tensor[]) => void;

export function columnSums(text: ColumnTerms): ColumnSums {
  const count = text.terms.length;
  const [whole, part, last] = [stageProgram(text, true), stageProgram(text, false), stageProgram(chunkSums(count), true)];
  return ({ run, scratch }, rows, n, sums, of) => {
    const strips = Math.ceil(n / COLUMNS);
    const stage = (of: Program, rows: number, length: number): Dispatch => ({
      program: of,
      params: [rows, n, length, strips],
      groups: inRow(strips * Math.max(1, Math.ceil(rows / Math.max(1, length)))),
    });
    const most = Math.floor(SCRATCH_BYTES / 4 / Math.max(1, count * n));
    const chunks = Math.max(1, Math.min(Math.ceil(rows / CHUNK), most));
    if (chunks === 1) return run(stage(whole, rows, rows), ...sums, ...of);
    const length = Math.ceil(rows / chunks);
    const scratchBytes = 4 * count * n * Math.ceil(rows / length);
    run({ ...stage(part, rows, length), scratchBytes }, scratch, ...of);
    run({ ...stage(last, Math.ceil(rows / length), rows), scratchBytes }, ...sums, scratch);
  };
}
