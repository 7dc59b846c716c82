/** Programs with a thread for each element of a tensor, or for each pair of elements, and their dispatches. */
import { inRow, program, WORKGROUP, type Dispatch, type Program, type ProgramText } from "../program.ts";

export const ELEMENT_THREADS = 256;

interface ThreadText extends Omit<ProgramText, "workgroup" | "params" | "main" | "perElement"> {
  /** After `n`, the number of elements. */
  readonly params?: ProgramText["params"];
  /** What a thread does, given the WGSL name of its element's index, or of its pair's. */
  readonly main: (index: string) => string;
  /** States that the program may be an epilogue: the tensors that it loads only at that index. */
  readonly along?: readonly string[];
}

function threadProgram(unit: 1 | 2, head: string, { params = {}, main, along, covers = [], ...text }: ThreadText): Program {
  const [name, perElement] = [unit === 1 ? "i" : "pair", along === undefined ? null : { unit, body: main("at"), along, covers }];
  return program({
    ...text,
    params: { n: "u32", ...params },
    workgroup: [ELEMENT_THREADS, 1, 1],
    main: `${head}${main(name)}`,
    ...(perElement === null ? {} : { perElement }),
  });
}

/** A thread for each of `p.n` elements. */
export const elementProgram = (text: ThreadText): Program =>
  threadProgram(1, `  let i = ${WORKGROUP} * ${ELEMENT_THREADS}u + lane;\n  if (i >= p.n) { return; }\n`, text);

/** A thread for each pair of elements, 2·pair and 2·pair + 1. */
export const pairProgram = (text: ThreadText): Program =>
  threadProgram(2, `  let pair = ${WORKGROUP} * ${ELEMENT_THREADS}u + lane;\n  if (2u * pair >= p.n) { return; }\n`, text);

/** @param params after n */
export const elementDispatch = (made: Program, n: number, params: readonly number[] = []): Dispatch => ({
  program: made,
  params: [n, ...params],
  groups: inRow(Math.ceil(n / ELEMENT_THREADS)),
});

/** @param params after n */
export const pairDispatch = (made: Program, n: number, params: readonly number[] = []): Dispatch => ({
  program: made,
  params: [n, ...params],
  groups: inRow(Math.ceil(Math.ceil(n / 2) / ELEMENT_THREADS)),
});
