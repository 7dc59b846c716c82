/** What a program of attention is made for: heads of some width, as they are stored. */
import type { Element, ProgramText, Storage } from "../../program.ts";
import { joined, range } from "../gemm/text.ts";

const WIDTHS = [16, 32, 64, 128] as const;

/** Of the heads that there are programs for. */
export const WIDEST = 128;

export interface Form {
  /** Of a row in the program: d, and zeros behind it where heads are narrower. */
  readonly width: (typeof WIDTHS)[number];
  /** There are none: four numbers are read at once. */
  readonly whole: boolean;
}

/** For heads of width d ≤ `WIDEST`. */
export function formOf(d: number): Form {
  const width = WIDTHS.find((one) => d <= one) ?? WIDEST;
  return { width, whole: d === width };
}

/** A program in terms of matrices whose rows are those of a head, one head after the other. */
export interface Text {
  readonly name: string;
  readonly writes: Readonly<Record<string, Storage>>;
  readonly reads: Readonly<Record<string, Storage>>;
  /** One number a row of queries each. */
  readonly numbers: readonly string[];
  /** What a workgroup has rows of, and what it goes over. */
  readonly own: readonly string[];
  readonly others: readonly [string, string];
  readonly main: string;
}

/** Written first, then read, then the numbers. */
export function tensorsOf({ writes, reads, numbers }: Text, { whole }: Form): ProgramText["tensors"] {
  const element = (storage: Storage): Element => (whole ? `${storage}x4` : storage);
  const matrices = Object.entries({ ...writes, ...reads }).map(([t, storage]) => [t, element(storage)]);
  return { ...Object.fromEntries(matrices), ...Object.fromEntries(numbers.map((t) => [t, "f32"])) };
}

/** Heads, rows of each that are the workgroups' own, and other rows; workgroups of each head; d^(−½). */
export const params: ProgramText["params"] = { heads: "u32", own: "u32", others: "u32", d: "u32", blocks: "u32", scale: "f32" };

/** `read_t(row, c)`: numbers 4c … 4c + 3 of a row. */
const reading = (t: string, { whole, width }: Form): string =>
  whole
    ? `fn read_${t}(row: u32, c: u32) -> vec4f { return load4_${t}(row * ${width / 4}u + c); }\n`
    : `fn read_${t}(row: u32, c: u32) -> vec4f {
  var x = vec4f();
  for (var s = 0u; s < 4u; s++) { if (4u * c + s < p.d) { x[s] = load_${t}(row * p.d + 4u * c + s); } }
  return x;
}
`;

/** `write_t(row, c, x)`; rows of f16 are of even length. */
function writing(t: string, storage: Storage, { whole, width }: Form): string {
  const head = `fn write_${t}(row: u32, c: u32, x: vec4f)`;
  if (whole) return `${head} { store4_${t}(row * ${width / 4}u + c, x); }\n`;
  const at = (s: number): string => `row * p.d + 4u * c + ${s}u`;
  const stores =
    storage === "f16"
      ? [0, 2].map((s) => `  if (4u * c + ${s}u < p.d) { store2_${t}((${at(s)}) / 2u, x.${s === 0 ? "xy" : "zw"}); }`)
      : range(4).map((s) => `  if (4u * c + ${s}u < p.d) { store_${t}(${at(s)}, x[${s}]); }`);
  return `${head} {\n${joined(stores)}}\n`;
}

/** Reading and writing of all matrices. */
export const access = ({ reads, writes }: Text, form: Form): string =>
  Object.keys(reads)
    .map((t) => reading(t, form))
    .concat(Object.entries(writes).map(([t, storage]) => writing(t, storage, form)))
    .join("");
