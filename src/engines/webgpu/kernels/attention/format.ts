/** The programs of attention: what they state, and how they read and write the rows of heads. */
import type { Element, Storage } from "../../accessors.ts";
import { declare, type Declarations, type ProgramText } from "../../program.ts";
import { joined, range } from "../text.ts";

const WIDTHS = [16, 32, 64, 128] as const;

/** The widest heads that there are programs for. */
export const WIDEST = 128;

/** The width of heads in a program. */
export interface HeadFormat {
  /** Numbers of a row in the program: d, and zeros after them where heads are narrower. */
  readonly width: (typeof WIDTHS)[number];
  /** Whether there are no such zeros, so that four numbers are read at once. */
  readonly whole: boolean;
}

/** For heads of width d ≤ `WIDEST`. */
export function headFormat(d: number): HeadFormat {
  const width = WIDTHS.find((one) => d <= one) ?? WIDEST;
  return { width, whole: d === width };
}

/** The operands of a program: matrices [heads · rows, d], and vectors. */
export interface AttentionOperands {
  readonly name: string;
  readonly writes: Readonly<Record<string, Storage>>;
  readonly reads: Readonly<Record<string, Storage>>;
  /** Vectors with one number for each row of the queries. */
  readonly numbers: readonly string[];
  /** Matrices that a workgroup has a block of rows of. */
  readonly own: readonly string[];
  /** Matrices whose rows it goes over. */
  readonly others: readonly [string, string];
  /** Vectors with one number for each of these rows. */
  readonly othersNumbers: readonly string[];
}

/** In the order in which a dispatch binds them: matrices that are written, matrices that are read, vectors. */
export function tensorsOf({ writes, reads, numbers }: AttentionOperands, { whole }: HeadFormat): ProgramText["tensors"] {
  const element = (storage: Storage): Element => (whole ? `${storage}x4` : storage);
  const matrices = Object.entries({ ...writes, ...reads }).map(([t, storage]) => [t, element(storage)]);
  return { ...Object.fromEntries(matrices), ...Object.fromEntries(numbers.map((t) => [t, "f32"])) };
}

/** Number of heads; rows of a head in the own, and in the other matrices; width; workgroups of a head; d^(−½). */
export const params: ProgramText["params"] = { heads: "u32", own: "u32", others: "u32", d: "u32", blocks: "u32", scale: "f32" };

/** `read_t(row, c)`: numbers 4c … 4c + 3 of a row. */
const reading = (t: string, { whole, width }: HeadFormat): string =>
  whole
    ? `fn read_${t}(row: u32, c: u32) -> vec4f { return load4_${t}(row * ${width / 4}u + c); }\n`
    : `fn read_${t}(row: u32, c: u32) -> vec4f {
  var x = vec4f();
  for (var s = 0u; s < 4u; s++) { if (4u * c + s < p.d) { x[s] = load_${t}(row * p.d + 4u * c + s); } }
  return x;
}
`;

/** `write_t(row, c, x)`; rows of f16 have even length. */
function writing(t: string, storage: Storage, { whole, width }: HeadFormat): string {
  const head = `fn write_${t}(row: u32, c: u32, x: vec4f)`;
  if (whole) return `${head} { store4_${t}(row * ${width / 4}u + c, x); }\n`;
  const at = (s: number): string => `row * p.d + 4u * c + ${s}u`;
  const stores =
    storage === "f16"
      ? [0, 2].map((s) => `  if (4u * c + ${s}u < p.d) { store2_${t}((${at(s)}) / 2u, x.${s === 0 ? "xy" : "zw"}); }`)
      : range(4).map((s) => `  if (4u * c + ${s}u < p.d) { store_${t}(${at(s)}, x[${s}]); }`);
  return `${head} {\n${joined(stores)}}\n`;
}

/** `read_t` of every matrix that is read, and `write_t` of every matrix that is written. */
export const rowAccess = ({ reads, writes }: AttentionOperands, format: HeadFormat): Declarations =>
  declare(
    Object.keys(reads)
      .map((t) => reading(t, format))
      .concat(Object.entries(writes).map(([t, storage]) => writing(t, storage, format)))
      .join(""),
  );
