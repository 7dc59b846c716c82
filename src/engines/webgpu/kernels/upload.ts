/** A few words from the host, copied from the buffer of staged uploads to a tensor. */
import type { Dispatch } from "../program.ts";
import { elementDispatch, elementProgram } from "./perElement.ts";

/** Larger uploads are written by the queue instead. */
export const FEW_BYTES: number = 2 ** 16;

const uploadProgram = elementProgram({
  name: "upload",
  tensors: { out: "u32", staged: "u32" },
  params: { start: "u32" },
  main: (i) => `  store_out(${i}, load_staged(p.start + ${i}));`,
});

/** @param start index of the first word in the staged uploads */
export const uploadDispatch = (n: number, start: number): Dispatch => elementDispatch(uploadProgram, n, [start]);
