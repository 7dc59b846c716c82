/** The second dispatch of a split-K GEMM: adds up what the splits have left, a C each in `parts`, in their order. A thread has two numbers of C. */
import type { Storage } from "../../accessors.ts";
import { declare, inRow, memoized, program, WORKGROUP, type Dispatch, type Program } from "../../program.ts";

const THREADS = 256;

const partSums = declare(`
fn sum_of(i: u32) -> f32 {
  var sum = 0.0;
  for (var split = 0u; split < p.splits; split++) { sum += load_parts(split * p.size + i); }
  return sum;
}
`);

const reductionProgram = memoized((ofC: Storage, ofBias: Storage | null): Program => {
  const number = (i: string): string => `sum_of(${i}) * p.scale${ofBias === null ? "" : ` + load_bias((${i}) % p.n)`}`;
  return program({
    name: "matmul sums",
    covers: ["c"],
    tensors: { c: ofC, parts: "f32", ...(ofBias === null ? {} : { bias: ofBias }) },
    params: { size: "u32", n: "u32", splits: "u32", scale: "f32" },
    workgroup: [THREADS, 1, 1],
    declarations: [partSums],
    main: `  let i = 2u * (${WORKGROUP} * ${THREADS}u + lane);
  if (i + 1u < p.size) {
    store2_c(i / 2u, vec2f(${number("i")}, ${number("i + 1u")}));
  }${ofC === "f32" ? ` else if (i < p.size) {\n    store_c(i, ${number("i")});\n  }` : ""}`,
  });
});

export interface Reduction {
  /** Numbers of C, and of one of its rows. */
  readonly size: number;
  readonly n: number;
  readonly splits: number;
  readonly scale: number;
}

/** Binds C, the parts, and the bias if there is one. */
export const reductionDispatch = ({ size, n, splits, scale }: Reduction, ofC: Storage, ofBias: Storage | null): Dispatch => ({
  program: reductionProgram(ofC, ofBias),
  params: [size, n, splits, scale],
  groups: inRow(Math.ceil(size / 2 / THREADS)),
});
