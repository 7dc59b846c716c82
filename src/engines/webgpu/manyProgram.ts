/**
 * The text of a program over many tensors (many.ts). Threads take four numbers at a time, or eight, where they are also written as f16, so that 16
 * bytes are moved at once: a tensor starts at a multiple of 64, and the memory between its end and the next multiple belongs to it.
 */
import { packing } from "./kernels/gemm/operands.ts";
import { range } from "./kernels/text.ts";
import { declare, program, WORKGROUP, type Program } from "./program.ts";

const THREADS = 256;

/** Quads that a workgroup does. */
export const CHUNK = 1024;

/** A place is a slab's number among those that are bound, and above it the index of 16 bytes in the slab, of 4 GiB at most. */
export const SLAB_BITS = 4;
export const PLACE_BITS: number = 32 - SLAB_BITS;
/** The place of what does not exist. */
export const NOWHERE: number = 2 ** 32 - 1;

/** WGSL: an expression that reads a value, and a statement that writes it. */
export interface StoredValue {
  readonly load: string;
  readonly store: (value: string) => string;
}

/** What the text for a quad has in scope. Each number of the entry is a WGSL value of its own name, too. */
export interface EntryScope<Tensors extends string, Shared extends string> {
  /** The quad of a tensor of the entry. */
  readonly tensor: (name: Tensors) => StoredValue;
  /** A number that all entries share. */
  readonly shared: (name: Shared) => StoredValue;
  /** WGSL: a statement that writes the quad of the entry's copy in f16, if it has one. */
  readonly storeHalf: (value: string) => string;
  /** WGSL: index of the quad in its tensor. */
  readonly quad: string;
  /** WGSL: how many numbers the entry's tensors have. */
  readonly length: string;
}

/** What is done with an entry: some tensors of one length, and some numbers. */
export interface ManyText<Tensors extends string, Shared extends string> {
  readonly name: string;
  readonly tensors: readonly Tensors[];
  /** Whether entries may have a copy in f16 that is written. */
  readonly halves: boolean;
  /** Names of the numbers that each entry has. */
  readonly numbers: readonly string[];
  /** Names of the numbers that all entries share. */
  readonly shared: readonly Shared[];
  /** The shared number that the program writes, and what it is before; null: it writes none. */
  readonly written: { readonly name: Shared; readonly from: number } | null;
  /** Whether the quads add to `sum`, an f32, whose total is wanted. */
  readonly sums: boolean;
  /** Statements of each thread before its quads; may return. */
  readonly before: (shared: EntryScope<Tensors, Shared>["shared"]) => string;
  /** Statements for each quad. */
  readonly each: (scope: EntryScope<Tensors, Shared>) => string;
}

/** The tensors whose numbers the text loads, and those that it stores. */
export function movedBy<Tensors extends string, Shared extends string>({
  each,
}: ManyText<Tensors, Shared>): { readonly loads: ReadonlySet<string>; readonly stores: ReadonlySet<string> } {
  const stores = new Set<string>();
  const number = { load: "", store: () => "" };
  const noted = (name: Tensors): StoredValue => ({
    load: `load ${name};`,
    store: (value) => {
      stores.add(name);
      return value;
    },
  });
  const text = each({ tensor: noted, shared: () => number, storeHalf: (value) => value, quad: "", length: "" });
  return { loads: new Set([...text.matchAll(/load (\w+);/g)].map(([, name = ""]) => name)), stores };
}

/** A row of the table: the number of chunks before the entry, its length, the places of its tensors and of its copy, its numbers. */
export const strideOf = ({
  tensors,
  numbers,
  halves,
}: {
  tensors: readonly string[];
  numbers: readonly string[];
  halves: boolean;
}): number => 2 + tensors.length + (halves ? 1 : 0) + numbers.length;

const inTable = declare(`
fn number_at(at: u32) -> f32 { return bitcast<f32>(load_table(at)); }
fn set_number(at: u32, x: f32) { store_table(at, bitcast<u32>(x)); }
`);

/** The sum of what the threads of a workgroup have, for the first of them. */
const groupSum = declare(`
var<workgroup> parts: array<f32, ${THREADS}>;
fn group_sum(lane: u32, own: f32) -> f32 {
  parts[lane] = own;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { parts[lane] += parts[lane + half]; }
  }
  return parts[0];
}
`);

/** The functions that read and write 16 bytes at a place. */
function inSlabs(slabs: number): string {
  const index = `place & ${2 ** PLACE_BITS - 1}u`;
  const each = (one: (slab: number) => string): string =>
    slabs === 1
      ? one(0)
      : `switch place >> ${PLACE_BITS}u {\n${range(slabs - 1)
          .map((slab) => `    case ${slab}u: { ${one(slab)} }\n`)
          .join("")}    default: { ${one(slabs - 1)} }\n  }`;
  return `
fn words_at(place: u32) -> vec4u {
  ${each((slab) => `return load4_slab${slab}(${index});`)}
}
fn set_words(place: u32, words: vec4u) {
  ${each((slab) => `store4_slab${slab}(${index}, words);`)}
}
`;
}

export function programOf<Tensors extends string, Shared extends string>(text: ManyText<Tensors, Shared>, slabs: number): Program {
  const { name, tensors, halves, numbers, shared, sums, before, each } = text;
  const [stride, together] = [strideOf(text), halves ? 2 : 1];
  const sharedNumber = (x: Shared): StoredValue => ({ load: `number_at(${x}_at)`, store: (value) => `set_number(${x}_at, ${value});` });
  const ofQuad = each({
    tensor: (t) => ({
      load: `bitcast<vec4f>(words_at(at_${t} + quad))`,
      store: (value) => `set_words(at_${t} + quad, bitcast<vec4u>(${value}));`,
    }),
    shared: sharedNumber,
    storeHalf: (value) => (halves ? `half = vec4u(half.zw, packed(${value}));` : ""),
    quad: "quad",
    length: "n",
  });
  const shares = shared.map((x, s) => `  let ${x}_at = p.rows * ${stride}u + ${s}u;\n`);
  const places = tensors.map((t, s) => `  let at_${t} = load_table(entry + ${2 + s}u);\n`);
  const values = numbers.map((x, s) => `  let ${x} = number_at(entry + ${stride - numbers.length + s}u);\n`);
  const chunkSum = `  let total = group_sum(lane, sum);
  if (lane == 0u) { set_number(p.rows * ${stride}u + ${shared.length}u + chunk, total); }`;
  const half = `  let at_half = load_table(entry + ${2 + tensors.length}u);\n`;
  return program({
    name: `${name} of many`,
    tensors: { table: "u32", ...Object.fromEntries(range(slabs).map((slab) => [`slab${slab}`, "u32x4" as const])) },
    params: { rows: "u32", first: "u32", end: "u32", chunk: "u32" },
    workgroup: [THREADS, 1, 1],
    declarations: [inTable, declare(inSlabs(slabs)), ...(halves ? [packing] : []), ...(sums ? [groupSum] : [])],
    main: `${shares.join("")}${before(sharedNumber)}  let chunk = p.chunk + ${WORKGROUP};
  var low = p.first; // the last entry that begins at this chunk or before
  for (var high = p.end; high - low > 1u;) {
    let middle = (low + high) / 2u;
    if (load_table(middle * ${stride}u) <= chunk) { low = middle; } else { high = middle; }
  }
  let entry = low * ${stride}u;
  let n = load_table(entry + 1u);
${places.join("")}${halves ? half : ""}${values.join("")}  let start = (chunk - load_table(entry)) * ${CHUNK}u;
${sums ? "  var sum = 0.0;\n" : ""}  for (var i = start + ${together}u * lane; i < min(start + ${CHUNK}u, (n + 3u) / 4u); i += ${together * THREADS}u) {
${halves ? "    var half = vec4u();\n" : ""}    for (var quad = i; quad < i + ${together}u; quad++) {
${ofQuad}    }
${halves ? `    if (at_half != ${NOWHERE}u) { set_words(at_half + i / 2u, half); }\n` : ""}  }
${sums ? chunkSum : ""}`,
  });
}
