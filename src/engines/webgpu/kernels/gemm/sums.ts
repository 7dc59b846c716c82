/** What the splits of a product have left, row after row of `parts`, added up in their order: two numbers of C a thread. */
import { GROUP, inRow, program, variants, type Launch, type Program, type Storage } from "../../program.ts";

const THREADS = 256;

const sumsProgram = variants((ofC: Storage, ofBias: Storage | null): Program => {
  const number = (i: string): string => `sum_of(${i}) * p.scale${ofBias === null ? "" : ` + load_bias((${i}) % p.n)`}`;
  return program({
    name: "matmul sums",
    tensors: { c: ofC, parts: "f32", ...(ofBias === null ? {} : { bias: ofBias }) },
    params: { size: "u32", n: "u32", splits: "u32", scale: "f32" },
    workgroup: [THREADS, 1, 1],
    declarations: `
fn sum_of(i: u32) -> f32 {
  var sum = 0.0;
  for (var split = 0u; split < p.splits; split++) { sum += load_parts(split * p.size + i); }
  return sum;
}
`,
    main: `  let i = 2u * (${GROUP} * ${THREADS}u + lane);
  if (i + 1u < p.size) {
    store2_c(i / 2u, vec2f(${number("i")}, ${number("i + 1u")}));
  }${ofC === "f32" ? ` else if (i < p.size) {\n    store_c(i, ${number("i")});\n  }` : ""}`,
  });
});

export interface Sums {
  /** Numbers of C, and of one of its rows. */
  readonly size: number;
  readonly n: number;
  readonly splits: number;
  readonly scale: number;
}

/** Binds C, the parts, and the bias if there is one. */
export const sumsLaunch = ({ size, n, splits, scale }: Sums, ofC: Storage, ofBias: Storage | null): Launch => ({
  program: sumsProgram(ofC, ofBias),
  params: [size, n, splits, scale],
  groups: inRow(Math.ceil(size / 2 / THREADS)),
});
