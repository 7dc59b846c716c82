/**
 * One launch over many tensors: the parameters of a network, say. Tensors lie in slabs, so a launch binds whole slabs, and a table tells where in
 * them the tensors of each entry are. Entries whose tensors lie in the same slabs go in one launch. What else it reads lies beside the table in
 * the scratch, as nothing that is bound may lie in a slab that is bound too.
 *
 * Numbers go in fours: a tensor starts at a multiple of four, and what lies between its end and the next multiple belongs to it.
 */
import { size, type Tensor } from "../../tensor/tensor.ts";
import { walks } from "./kernels/move.ts";
import type { Slab } from "./machine.ts";
import { GROUP, inRow, program, type Program } from "./program.ts";
import type { Access, Own } from "./run.ts";

const THREADS = 256;

/** Fours that a workgroup does. */
const CHUNK = 1024;

/** What is done with an entry: some tensors of one length, and some numbers. */
export interface ManyText {
  readonly name: string;
  /** `NAME[NAME_at]` are the entry's four numbers of that tensor. */
  readonly tensors: readonly string[];
  /** `NAME` is the entry's number. */
  readonly numbers: readonly string[];
  /** One number each for all entries: `number_at(NAME_at)`. */
  readonly shared: readonly string[];
  /** One of these, which is written: `set_number(NAME_at, x)`. */
  readonly written: string | null;
  /** Done by each thread, before; may return. */
  readonly before: string;
  /** Done for each four; `i` is their number, `n` how many numbers the entry has. */
  readonly each: string;
}

export interface Entry {
  readonly tensors: readonly Tensor[];
  readonly numbers: readonly number[];
}

/** A row of the table: the chunks of the entries before it, its length, where its tensors lie, its numbers. */
const strideOf = ({ tensors, numbers }: ManyText): number => 2 + tensors.length + numbers.length;

function programOf(text: ManyText): Program {
  const { name, tensors, numbers, shared, before, each } = text;
  const stride = strideOf(text);
  const shares = shared.map((x, s) => `  let ${x}_at = p.rows * ${stride}u + ${s}u;\n`);
  const values = numbers.map((x, s) => `  let ${x} = number_at(entry + ${2 + tensors.length + s}u);\n`);
  const places = tensors.map((t, s) => `    let ${t}_at = table[entry + ${2 + s}u] + i;\n`);
  return program({
    name: `${name} of many`,
    tensors: { table: "u32", ...Object.fromEntries(tensors.map((t) => [t, "f32x4" as const])) },
    params: { rows: "u32", first: "u32", end: "u32", chunk: "u32" },
    workgroup: [THREADS, 1, 1],
    declarations: `
fn number_at(at: u32) -> f32 { return bitcast<f32>(table[at]); }
fn set_number(at: u32, x: f32) { table[at] = bitcast<u32>(x); }
`,
    main: `${shares.join("")}${before}  let chunk = p.chunk + ${GROUP};
  var low = p.first; // the last entry that begins at this chunk or before
  for (var high = p.end; high - low > 1u;) {
    let middle = (low + high) / 2u;
    if (table[middle * ${stride}u] <= chunk) { low = middle; } else { high = middle; }
  }
  let entry = low * ${stride}u;
  let n = table[entry + 1u];
${values.join("")}  let start = (chunk - table[entry]) * ${CHUNK}u;
  for (var i = start + lane; i < min(start + ${CHUNK}u, (n + 3u) / 4u); i += ${THREADS}u) {
${places.join("")}${each}  }`,
  });
}

/** Whether a launch can go over them: they are stored in f32. */
export const inFours = ({ storage }: Access, tensors: readonly Tensor[]): boolean => tensors.every((t) => storage(t) === "f32");

/** Entries by the slabs of their tensors. */
function bySlabs({ place }: Access, entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = entry.tensors.map((t) => place(t).slab).join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

type Element = readonly [of: Tensor | Own, at: number];

/** One number from here to there. */
function copyOne({ run }: Access, [to, toAt]: Element, [from, fromAt]: Element): void {
  for (const launch of walks({ lengths: [], from: fromAt, fromSteps: [], to: toAt, toSteps: [] }, "f32")) run(launch, to, from);
}

/** @param shared tensors of one number, in the order of the text */
export type OverMany = (access: Access, entries: readonly Entry[], shared: readonly Tensor[]) => void;

export function overMany(text: ManyText): OverMany {
  const made = programOf(text);
  const stride = strideOf(text);
  return (access, entries, shared) => {
    const { run, upload, place, scratch } = access;
    const groups = bySlabs(access, entries);
    const rows = groups.flat();
    const lengths = rows.map(({ tensors }) => size(tensors[0]?.shape ?? [0]));
    const chunks = [0]; // before each row, and of all
    for (const n of lengths) chunks.push((chunks.at(-1) ?? 0) + Math.ceil(n / 4 / CHUNK));

    const table = new Uint32Array(stride * rows.length);
    const numbers = new Float32Array(table.buffer);
    for (const [row, { tensors, numbers: own }] of rows.entries()) {
      table.set([chunks[row] ?? 0, lengths[row] ?? 0, ...tensors.map((t) => place(t).offset / 16)], row * stride);
      numbers.set(own, (row + 1) * stride - own.length);
    }
    upload(scratch, numbers);
    shared.forEach((one, s) => copyOne(access, [scratch, table.length + s], [one, 0]));

    let row = 0;
    for (const group of groups) {
      const [first, end] = [row, row + group.length];
      const [chunk = 0, next = 0] = [chunks[first], chunks[end]];
      const bytes = 4 * lengths.slice(first, end).reduce((sum, n) => sum + n, 0);
      const slabs = (group[0]?.tensors ?? []).map((t): Slab => ({ slab: place(t).slab, bytes }));
      run({ program: made, params: [rows.length, first, end, chunk], groups: inRow(next - chunk) }, scratch, ...slabs);
      row = end;
    }

    const written = text.shared.indexOf(text.written ?? "");
    const to = shared[written];
    if (to !== undefined) copyOne(access, [to, 0], [scratch, table.length + written]);
  };
}
