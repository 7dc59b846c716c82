/**
 * The second dispatch of a split-K GEMM: adds up what the splits have left in `parts`, a C each and maybe the sums of A's rows, in their order. A
 * thread has two numbers of C, or of these sums.
 */
import type { Storage } from "../../accessors.ts";
import { declare, inRow, memoized, program, WORKGROUP, type Dispatch, type Program } from "../../program.ts";

const THREADS = 256;

const partSums = declare(`
fn sum_of(i: u32) -> f32 {
  var sum = 0.0;
  for (var split = 0u; split < p.splits; split++) { sum += load_parts(split * p.next + i); }
  return sum;
}
`);

/** The pairs of row sums belong to the threads after those of C. */
const rowSums = `
  let row = 2u * (thread - (p.size + 1u) / 2u);
  if (i >= p.size && row < p.rows) { store_sums(row, sum_of(p.size + row)); }
  if (i >= p.size && row + 1u < p.rows) { store_sums(row + 1u, sum_of(p.size + row + 1u)); }`;

const reductionProgram = memoized((ofC: Storage, ofBias: Storage | null, hasRowSums: boolean): Program => {
  const number = (i: string): string => `sum_of(${i}) * p.scale${ofBias === null ? "" : ` + load_bias((${i}) % p.n)`}`;
  return program({
    name: "matmul sums",
    covers: ["c"],
    tensors: { c: ofC, ...(hasRowSums ? { sums: "f32" as const } : {}), parts: "f32", ...(ofBias === null ? {} : { bias: ofBias }) },
    params: { size: "u32", n: "u32", rows: "u32", next: "u32", splits: "u32", scale: "f32" },
    workgroup: [THREADS, 1, 1],
    declarations: [partSums],
    main: `  let thread = ${WORKGROUP} * ${THREADS}u + lane;
  let i = 2u * thread;
  if (i + 1u < p.size) {
    store2_c(i / 2u, vec2f(${number("i")}, ${number("i + 1u")}));
  }${ofC === "f32" ? ` else if (i < p.size) {\n    store_c(i, ${number("i")});\n  }` : ""}${hasRowSums ? rowSums : ""}`,
  });
});

export interface Reduction {
  /** Numbers of C, and of one of its rows. */
  readonly size: number;
  readonly n: number;
  /** Sums of A's rows; 0: there are none. */
  readonly rowSums: number;
  /** Distance from one split's numbers to the next's. */
  readonly next: number;
  readonly splits: number;
  readonly scale: number;
}

/** Binds C, the sums of A's rows if there are some, the parts, and the bias if there is one. */
export const reductionDispatch = (
  { size, n, rowSums: rows, next, splits, scale }: Reduction,
  ofC: Storage,
  ofBias: Storage | null,
): Dispatch => ({
  program: reductionProgram(ofC, ofBias, rows > 0),
  params: [size, n, rows, next, splits, scale],
  groups: inRow(Math.ceil((Math.ceil(size / 2) + Math.ceil(rows / 2)) / THREADS)),
});
