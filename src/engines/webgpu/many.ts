/**
 * One dispatch over many tensors, such as the parameters of a network. Tensors lie in slabs, so a dispatch binds whole slabs, as many as the device
 * allows, and a table says in which of them, and where, the tensors of each entry are. The scratch holds the table and the numbers that all entries
 * share, as nothing else that is bound may lie in a slab that is bound too. Where a sum over all tensors is wanted, those of the chunks follow them, and
 * a second dispatch adds these up.
 */
import { size, type Tensor } from "../../tensor/tensor.ts";
import { copyNumbers } from "./kernels/copyNumbers.ts";
import type { Extent, Slab } from "./machine.ts";
import { CHUNK, movedBy, NOWHERE, PLACE_BITS, programOf, SLAB_BITS, strideOf, type ManyText } from "./manyProgram.ts";
import { rowGroups, rowTeam, rowText, type RowTeam } from "./kernels/rows.ts";
import { inRow, memoized, program, type Program } from "./program.ts";
import type { Access } from "./run.ts";

const F32_BYTES = 4;
/** Bytes of a quad of f32, and of eight numbers in f16. */
const UNIT = 16;

export interface Entry {
  readonly tensors: readonly Tensor[];
  readonly numbers: readonly number[];
  /** Memory for a copy of one of the tensors in f16; null or default: there is none. */
  readonly half?: Extent | null;
}

/** Whether a dispatch can go over these tensors: all are stored as f32. */
export const allInF32 = ({ storage }: Access, tensors: readonly Tensor[]): boolean => tensors.every((t) => storage(t) === "f32");

/** Entries of one dispatch, and the slabs that it binds. */
interface Group {
  readonly slabs: number[];
  readonly entries: Entry[];
}

const memoriesOf = ({ tensors, half = null }: Entry): readonly (Tensor | Extent)[] => (half === null ? tensors : [...tensors, half]);

/** The most slabs of a dispatch on a software adapter, which takes seconds to compile a program with more. */
const MOST_OF_SOFTWARE = 4;

/** Entries in the order in which there is room for their slabs in a dispatch. */
function inFewSlabs({ slabOf, capabilities }: Access, entries: readonly Entry[]): readonly Group[] {
  const { limits, software } = capabilities;
  const room = Math.min(2 ** SLAB_BITS - 1, limits.maxStorageBuffersPerShaderStage - 1); // the table is bound too
  const most = software ? Math.min(MOST_OF_SOFTWARE, room) : room;
  const groups: Group[] = [];
  for (const entry of entries) {
    const own = [...new Set(memoriesOf(entry).map((t) => slabOf(t).slab))];
    const missing = ({ slabs }: Group): readonly number[] => own.filter((slab) => !slabs.includes(slab));
    const group = groups.find((one) => one.slabs.length + missing(one).length <= most);
    if (group === undefined) groups.push({ slabs: own, entries: [entry] });
    else {
      group.slabs.push(...missing(group));
      group.entries.push(entry);
    }
  }
  return groups;
}

const lengthOf = ({ tensors }: Entry): number => size(tensors[0]?.shape ?? [0]);

/** The slabs of a group, with the bytes that a dispatch moves in each; a copy in f16 is only written. */
function bound<Tensors extends string, Shared extends string>(
  { slabOf }: Access,
  text: ManyText<Tensors, Shared>,
  { slabs, entries }: Group,
): readonly Slab[] {
  const { loads, stores } = movedBy(text);
  const sums = slabs.map((slab) => ({ slab, bytes: 0, read: 0, written: 0 }));
  const add = (t: Tensor | Extent, bytes: number, name: string | null): void => {
    const sum = sums[slabs.indexOf(slabOf(t).slab)];
    if (sum === undefined) return;
    sum.bytes += bytes;
    if (name !== null && loads.has(name)) sum.read += bytes;
    if (name === null || stores.has(name)) sum.written += bytes;
  };
  for (const entry of entries) {
    for (const [i, t] of entry.tensors.entries()) add(t, 4 * lengthOf(entry), text.tensors[i] ?? "");
    if (entry.half) add(entry.half, 2 * lengthOf(entry), null);
  }
  return sums;
}

/** Adds up the sums of the chunks. */
const totalProgram = memoized((team: RowTeam): Program => {
  const rows = rowText(team);
  return program({
    ...rows.common,
    name: "total of many",
    tensors: { out: "f32", sums: "f32" },
    params: { rows: "u32", n: "u32", start: "u32" },
    main: `${rows.head}  var sum = 0.0;
${rows.each((i) => `sum += load_sums(p.start + ${i});`)}  let total = ${rows.sum("sum")};
  if (${rows.leads}) { store_out(0u, total); }`,
  });
});

function addUp({ run, scratch, capabilities }: Access, out: Tensor, from: number, count: number): void {
  const team = rowTeam(capabilities, count);
  run({ program: totalProgram(team), params: [1, count, from], groups: rowGroups(team, 1), scratchBytes: F32_BYTES * count }, out, scratch);
}

/**
 * @param shared scalars, in the order of the text
 * @param total gets the sum, if the text has one
 */
export type OverMany = (access: Access, entries: readonly Entry[], shared: readonly Tensor[], total?: Tensor) => void;

export function overMany<Tensors extends string, Shared extends string>(text: ManyText<Tensors, Shared>): OverMany {
  const made = memoized((slabs: number) => programOf(text, slabs));
  const stride = strideOf(text);
  return (access, entries, shared, total) => {
    const { run, upload, slabOf, scratch } = access;
    const groups = inFewSlabs(access, entries);
    const rows = groups.flatMap((group) => group.entries.map((entry) => ({ ...entry, slabs: group.slabs })));
    const chunks = [0]; // before each row, and in all
    for (const row of rows) chunks.push((chunks.at(-1) ?? 0) + Math.ceil(lengthOf(row) / 4 / CHUNK));

    const table = new Uint32Array(stride * rows.length + shared.length);
    const numbers = new Float32Array(table.buffer);
    for (const [row, { slabs, ...entry }] of rows.entries()) {
      const placeOf = (t: Tensor | Extent): number => {
        const { slab, offset } = slabOf(t);
        return slabs.indexOf(slab) * 2 ** PLACE_BITS + offset / UNIT;
      };
      const places = entry.tensors.map(placeOf);
      const half = text.halves ? [entry.half ? placeOf(entry.half) : NOWHERE] : [];
      table.set([chunks[row] ?? 0, lengthOf(entry), ...places, ...half], row * stride);
      numbers.set(entry.numbers, (row + 1) * stride - entry.numbers.length);
    }
    const written = text.shared.findIndex((name) => name === text.written?.name);
    const first = stride * rows.length;
    if (text.written !== null) numbers[first + written] = text.written.from;
    upload(scratch, numbers);
    const given = shared.flatMap((one, s) => (s === written ? [] : [[one, 0, first + s] as const]));
    if (given.length > 0) copyNumbers(access, scratch, given);

    let row = 0;
    for (const group of groups) {
      const [from, end] = [row, row + group.entries.length];
      const [chunk = 0, next = 0] = [chunks[from], chunks[end]];
      const params = [rows.length, from, end, chunk];
      const scratchBytes = F32_BYTES * (stride * group.entries.length + (text.sums ? next - chunk : 0));
      run({ program: made(group.slabs.length), params, groups: inRow(next - chunk), scratchBytes }, scratch, ...bound(access, text, group));
      row = end;
    }
    const to = shared[written];
    if (to !== undefined) copyNumbers(access, to, [[scratch, first + written, 0]]);
    if (total !== undefined) addUp(access, total, first + shared.length, chunks.at(-1) ?? 0);
  };
}
