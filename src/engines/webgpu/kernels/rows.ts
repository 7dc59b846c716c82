/**
 * How a program goes over the rows of a matrix: a group of threads takes one row, each every WIDTH-th of its numbers, and they add up what they
 * found; or, where barriers are dear or rows are short, each thread takes a row of its own. The text is the same for both.
 *
 *   row            the row                     first, WIDTH     the thread's numbers are first, first + WIDTH, …
 *   sum_of(x)      Σ of the x of the row's threads, the same for all of them; max_of(x)
 *   leads          true of one thread of the row
 *
 * A matrix has rows of p.n numbers; number j of the row is element at + j of the tensor.
 */
import type { DeviceCapabilities } from "../capabilities.ts";
import { GROUP, inRow, type Groups, type ProgramText, type Storage } from "../program.ts";

/** Threads of a group. */
const THREADS = 64;
/** Rows shorter than this are one thread's. */
const SHORT = 32;

/** Who has a row: one thread; a group, which adds up through workgroup memory; or one whose subgroups do most of that by themselves. */
export type RowTeam = "thread" | "group" | "subgroups";

export function rowTeam({ software, subgroup, features }: DeviceCapabilities, n: number): RowTeam {
  if (software || n < SHORT) return "thread";
  return features.has("subgroups") && subgroup !== null && subgroup <= THREADS ? "subgroups" : "group";
}

export interface RowText extends Pick<ProgramText, "workgroup" | "declarations" | "enables" | "builtins"> {
  readonly declarations: string;
  /** Leaves `main` where there is no row; `p.rows` is their number. */
  readonly head: string;
}

const thread: RowText = {
  workgroup: [THREADS, 1, 1],
  declarations: `
const WIDTH = 1u;
fn sum_of(x: f32) -> f32 { return x; }
fn max_of(x: f32) -> f32 { return x; }
`,
  head: `  let row = ${GROUP} * ${THREADS}u + lane;
  if (row >= p.rows) { return; }
  let at = row * p.n;
  let first = 0u;
  let leads = true;
`,
};

const parts = `
const WIDTH = ${THREADS}u;
var<workgroup> parts: array<f32, ${THREADS}>;
var<private> part: u32;
`;

const groupHead = `  let row = ${GROUP};
  if (row >= p.rows) { return; }
  let at = row * p.n;
  part = lane;
  let first = lane;
  let leads = lane == 0u;
`;

/** Half of the threads add what the other half has, then a quarter, and so on: a barrier each time. */
const halved = (name: string, both: (one: string, other: string) => string): string => `fn ${name}(x: f32) -> f32 {
  parts[part] = x;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (part < half) { parts[part] = ${both("parts[part]", "parts[part + half]")}; }
  }
  workgroupBarrier();
  let all = parts[0];
  workgroupBarrier();
  return all;
}
`;

const group: RowText = {
  workgroup: [THREADS, 1, 1],
  declarations: `${parts}${halved("sum_of", (one, other) => `${one} + ${other}`)}${halved("max_of", (one, other) => `max(${one}, ${other})`)}`,
  head: groupHead,
};

/** Every subgroup goes over all parts, its threads side by side, so that all come to the same number, and nobody need be told it. */
const within = (name: string, all: string, both: (one: string, other: string) => string): string => `fn ${name}(x: f32) -> f32 {
  parts[part] = x;
  workgroupBarrier();
  var own = parts[place];
  for (var i = place + size; i < ${THREADS}u; i += size) { own = ${both("own", "parts[i]")}; }
  let all = ${all}(own);
  workgroupBarrier();
  return all;
}
`;

const subgroups: RowText = {
  workgroup: [THREADS, 1, 1],
  enables: ["subgroups"],
  builtins: { own_place: "subgroup_invocation_id", own_size: "subgroup_size" },
  declarations: `${parts}
/** Of the thread in its subgroup, and threads of that. */
var<private> place: u32;
var<private> size: u32;
${within("sum_of", "subgroupAdd", (one, other) => `${one} + ${other}`)}${within("max_of", "subgroupMax", (one, other) => `max(${one}, ${other})`)}`,
  head: `  place = own_place;
  size = own_size;
${groupHead}`,
};

const texts: Readonly<Record<RowTeam, RowText>> = { thread, group, subgroups };

export const rowText = (team: RowTeam): RowText => texts[team];

export const rowGroups = (team: RowTeam, rows: number): Groups => inRow(team === "thread" ? Math.ceil(rows / THREADS) : rows);

/** The loop over the thread's numbers. */
export const eachOfRow = (body: string): string => `  for (var j = first; j < p.n; j += WIDTH) { ${body} }
`;

/**
 * Fills the row of some tensors: `values` gives the text of element i = at + j, of number j of the row, for each. Two f16 share a word, so they
 * are written together, and a row has an even number of them.
 */
export function fillRow(storage: Storage, values: Readonly<Record<string, (i: string, j: string) => string>>): string {
  const names = Object.entries(values);
  if (storage === "f32") return eachOfRow(names.map(([name, value]) => `store_${name}(at + j, ${value("(at + j)", "j")});`).join(" "));
  const both = (value: (i: string, j: string) => string): string =>
    `vec2f(${value("(at + j)", "j")}, ${value("(at + j + 1u)", "(j + 1u)")})`;
  return `  for (var j = 2u * first; j < p.n; j += 2u * WIDTH) { ${names.map(([name, value]) => `store2_${name}((at + j) / 2u, ${both(value)});`).join(" ")} }
`;
}
