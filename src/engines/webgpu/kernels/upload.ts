/** A few words of the host, from where they were put beside the command buffer. */
import { program, type Launch } from "../program.ts";
import { each, EACH } from "./elementwise.ts";

/** More bytes than these are written by themselves. */
export const FEW_BYTES: number = 2 ** 16;

const uploadProgram = program({
  name: "upload",
  tensors: { out: "u32", staged: "u32" },
  params: { n: "u32", start: "u32" },
  workgroup: [256, 1, 1],
  main: `${EACH}  out[i] = staged[p.start + i];`,
});

/** @param start where they lie, in elements */
export const uploadLaunch = (n: number, start: number): Launch => ({ program: uploadProgram, params: [n, start], groups: each(n) });
