/**
 * One dispatch over many tensors, such as the parameters of a network. Tensors lie in slabs, so a dispatch binds whole slabs, and a table says where
 * in them the tensors of each entry are. Entries whose tensors lie in the same slabs share a dispatch. The scratch holds the table and the shared
 * numbers, as nothing else that is bound may lie in a slab that is bound too.
 *
 * Threads take four numbers at a time: a tensor starts at a multiple of four, and the memory between its end and the next multiple belongs to it.
 */
import { size, type Tensor } from "../../tensor/tensor.ts";
import { walks } from "./kernels/move.ts";
import type { Slab } from "./machine.ts";
import { declare, inRow, program, WORKGROUP, type Program } from "./program.ts";
import type { Access, EngineBuffer } from "./run.ts";

const THREADS = 256;

/** Quads that a workgroup does. */
const CHUNK = 1024;

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
  /** WGSL: index of the quad in its tensor. */
  readonly quad: string;
  /** WGSL: how many numbers the entry's tensors have. */
  readonly length: string;
}

/** What is done with an entry: some tensors of one length, and some numbers. */
export interface ManyText<Tensors extends string, Shared extends string> {
  readonly name: string;
  readonly tensors: readonly Tensors[];
  /** Names of the numbers that each entry has. */
  readonly numbers: readonly string[];
  /** Names of the numbers that all entries share. */
  readonly shared: readonly Shared[];
  /** The shared number that the program writes; null: it writes none. */
  readonly written: Shared | null;
  /** Statements of each thread before its quads; may return. */
  readonly before: (shared: EntryScope<Tensors, Shared>["shared"]) => string;
  /** Statements for each quad. */
  readonly each: (scope: EntryScope<Tensors, Shared>) => string;
}

export interface Entry {
  readonly tensors: readonly Tensor[];
  readonly numbers: readonly number[];
}

/** A row of the table: the number of chunks before the entry, its length, where its tensors lie, its numbers. */
const strideOf = ({ tensors, numbers }: { readonly tensors: readonly string[]; readonly numbers: readonly string[] }): number =>
  2 + tensors.length + numbers.length;

const numberAt = declare(`
fn number_at(at: u32) -> f32 { return bitcast<f32>(load_table(at)); }
fn set_number(at: u32, x: f32) { store_table(at, bitcast<u32>(x)); }
`);

function programOf<Tensors extends string, Shared extends string>(text: ManyText<Tensors, Shared>): Program {
  const { name, tensors, numbers, shared, before, each } = text;
  const stride = strideOf(text);
  const scope: EntryScope<Tensors, Shared> = {
    tensor: (t) => ({ load: `load4_${t}(${t}_at)`, store: (value) => `store4_${t}(${t}_at, ${value});` }),
    shared: (x) => ({ load: `number_at(${x}_at)`, store: (value) => `set_number(${x}_at, ${value});` }),
    quad: "i",
    length: "n",
  };
  const shares = shared.map((x, s) => `  let ${x}_at = p.rows * ${stride}u + ${s}u;\n`);
  const values = numbers.map((x, s) => `  let ${x} = number_at(entry + ${2 + tensors.length + s}u);\n`);
  const places = tensors.map((t, s) => `    let ${t}_at = load_table(entry + ${2 + s}u) + i;\n`);
  return program({
    name: `${name} of many`,
    tensors: { table: "u32", ...Object.fromEntries(tensors.map((t) => [t, "f32x4" as const])) },
    params: { rows: "u32", first: "u32", end: "u32", chunk: "u32" },
    workgroup: [THREADS, 1, 1],
    declarations: [numberAt],
    main: `${shares.join("")}${before(scope.shared)}  let chunk = p.chunk + ${WORKGROUP};
  var low = p.first; // the last entry that begins at this chunk or before
  for (var high = p.end; high - low > 1u;) {
    let middle = (low + high) / 2u;
    if (load_table(middle * ${stride}u) <= chunk) { low = middle; } else { high = middle; }
  }
  let entry = low * ${stride}u;
  let n = load_table(entry + 1u);
${values.join("")}  let start = (chunk - load_table(entry)) * ${CHUNK}u;
  for (var i = start + lane; i < min(start + ${CHUNK}u, (n + 3u) / 4u); i += ${THREADS}u) {
${places.join("")}${each(scope)}  }`,
  });
}

/** Whether a dispatch can go over these tensors: all are stored as f32. */
export const allInF32 = ({ storage }: Access, tensors: readonly Tensor[]): boolean => tensors.every((t) => storage(t) === "f32");

/** Entries by the slabs of their tensors. */
function bySlabs({ slabOf }: Access, entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = entry.tensors.map((t) => slabOf(t).slab).join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

/** A number of a tensor or buffer. */
type NumberAt = readonly [of: Tensor | EngineBuffer, at: number];

/** Copies one number. */
function copyOne({ run }: Access, [to, toAt]: NumberAt, [from, fromAt]: NumberAt): void {
  for (const dispatch of walks({ lengths: [], from: fromAt, fromSteps: [], to: toAt, toSteps: [] }, "f32"))
    run({ ...dispatch, scratchBytes: 4 }, to, from);
}

/** @param shared scalars, in the order of the text */
export type OverMany = (access: Access, entries: readonly Entry[], shared: readonly Tensor[]) => void;

export function overMany<Tensors extends string, Shared extends string>(text: ManyText<Tensors, Shared>): OverMany {
  const made = programOf(text);
  const stride = strideOf(text);
  return (access, entries, shared) => {
    const { run, upload, slabOf, scratch } = access;
    const groups = bySlabs(access, entries);
    const rows = groups.flat();
    const lengths = rows.map(({ tensors }) => size(tensors[0]?.shape ?? [0]));
    const chunks = [0]; // before each row, and in all
    for (const n of lengths) chunks.push((chunks.at(-1) ?? 0) + Math.ceil(n / 4 / CHUNK));

    const table = new Uint32Array(stride * rows.length);
    const numbers = new Float32Array(table.buffer);
    for (const [row, { tensors, numbers: own }] of rows.entries()) {
      table.set([chunks[row] ?? 0, lengths[row] ?? 0, ...tensors.map((t) => slabOf(t).offset / 16)], row * stride);
      numbers.set(own, (row + 1) * stride - own.length);
    }
    upload(scratch, numbers);
    shared.forEach((one, s) => copyOne(access, [scratch, table.length + s], [one, 0]));

    let row = 0;
    for (const group of groups) {
      const [first, end] = [row, row + group.length];
      const [chunk = 0, next = 0] = [chunks[first], chunks[end]];
      const bytes = 4 * lengths.slice(first, end).reduce((sum, n) => sum + n, 0);
      const slabs = (group[0]?.tensors ?? []).map((t): Slab => ({ slab: slabOf(t).slab, bytes }));
      const scratchBytes = 4 * stride * group.length;
      run({ program: made, params: [rows.length, first, end, chunk], groups: inRow(next - chunk), scratchBytes }, scratch, ...slabs);
      row = end;
    }

    const written = text.shared.findIndex((name) => name === text.written);
    const to = shared[written];
    if (to !== undefined) copyOne(access, [to, 0], [scratch, table.length + written]);
  };
}
