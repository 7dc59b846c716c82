/**
 * Sums down the columns of matrices of n columns, several at once: Σ over rows of some terms, each a row of n. Long columns go in two stages,
 * each chunk of rows by itself and then the chunks' sums.
 */
import type { Tensor } from "../../../tensor/tensor.ts";
import { GROUP, inRow, program, type Element, type Launch, type Program } from "../program.ts";
import { SCRATCH_BYTES, type Access } from "../run.ts";

const COLUMNS = 64;

/** Rows that one thread adds up at most, where there are other threads to do the rest. */
const CHUNK = 128;

/** What is summed, in terms of `i`, the place of the element in matrices of n columns. */
export interface ColumnTerms {
  readonly name: string;
  readonly tensors: Readonly<Record<string, Element>>;
  readonly terms: readonly string[];
}

/** A chunk of the rows leaves row after row of `parts`, one a term; or, as the only one, the sums themselves. */
function stageProgram({ name, tensors, terms }: ColumnTerms, only: boolean): Program {
  const outs = only ? Object.fromEntries(terms.map((_, s) => [`out${s}`, "f32" as const])) : { parts: "f32" as const };
  const store = (s: number): string =>
    only ? `  store_out${s}(column, sum${s});\n` : `  store_parts((chunk * ${terms.length}u + ${s}u) * p.n + column, sum${s});\n`;
  return program({
    name: `${name} by columns`,
    tensors: { ...outs, ...tensors },
    params: { rows: "u32", n: "u32", length: "u32", strips: "u32" },
    workgroup: [COLUMNS, 1, 1],
    main: `  let chunk = ${GROUP} / p.strips;
  let column = (${GROUP} % p.strips) * ${COLUMNS}u + lane;
  let start = chunk * p.length;
  if (column >= p.n || start >= max(p.rows, 1u)) { return; }
${terms.map((_, s) => `  var sum${s} = 0.0;\n`).join("")}  for (var row = start; row < min(start + p.length, p.rows); row++) {
    let i = row * p.n + column;
${terms.map((term, s) => `    sum${s} += ${term};\n`).join("")}  }
${terms.map((_, s) => store(s)).join("")}`,
  });
}

/** The chunks' sums, added up. */
const partsOf = (count: number): ColumnTerms => ({
  name: "parts",
  tensors: { parts: "f32" },
  terms: Array.from({ length: count }, (_, s) => `load_parts((row * ${count}u + ${s}u) * p.n + column)`),
});

/** Tensors in the order of the text, the sums first; each sum is [n]. */
export type ColumnSums = (access: Access, rows: number, n: number, sums: readonly Tensor[], of: readonly Tensor[]) => void;

export function columnSums(text: ColumnTerms): ColumnSums {
  const count = text.terms.length;
  const [whole, part, last] = [stageProgram(text, true), stageProgram(text, false), stageProgram(partsOf(count), true)];
  return ({ run, scratch }, rows, n, sums, of) => {
    const strips = Math.ceil(n / COLUMNS);
    const stage = (of: Program, rows: number, length: number): Launch => ({
      program: of,
      params: [rows, n, length, strips],
      groups: inRow(strips * Math.max(1, Math.ceil(rows / Math.max(1, length)))),
    });
    const most = Math.floor(SCRATCH_BYTES / 4 / Math.max(1, count * n));
    const chunks = Math.max(1, Math.min(Math.ceil(rows / CHUNK), most));
    if (chunks === 1) return run(stage(whole, rows, rows), ...sums, ...of);
    const length = Math.ceil(rows / chunks);
    run(stage(part, rows, length), scratch, ...of);
    run(stage(last, Math.ceil(rows / length), rows), ...sums, scratch);
  };
}
