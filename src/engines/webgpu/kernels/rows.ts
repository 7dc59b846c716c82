/**
 * How a program goes over the rows of a matrix. A team of threads has a row: each thread takes every width-th number of it, and the team adds up
 * what its threads have found. Where barriers are slow, or rows are short, the team is a single thread. A kernel states its program once, in terms
 * of `RowText`, and gets the text for each team.
 */
import { declare, inRow, WORKGROUP, type Declarations, type Groups, type ProgramText } from "../program.ts";
import type { DeviceCapabilities } from "../capabilities.ts";

/** Threads of a workgroup. */
const THREADS = 64;
/** Rows shorter than this have one thread. */
const SHORT = 32;

/** What has a row: a thread; a workgroup, which adds up through workgroup memory; or one that lets its subgroups do most of the adding. */
export type RowTeam = "thread" | "group" | "subgroups";

export function rowTeam({ software, subgroup, features }: DeviceCapabilities, n: number): RowTeam {
  if (software || n < SHORT) return "thread";
  return features.has("subgroups") && subgroup !== null && subgroup <= THREADS ? "subgroups" : "group";
}

export const rowGroups = (team: RowTeam, rows: number): Groups => inRow(team === "thread" ? Math.ceil(rows / THREADS) : rows);

/** Gives a value, from the WGSL index of an element in its tensor and its index in the row. */
export type ValueOfRow = (i: string, j: string) => string;

/** The text of a program over `p.rows` rows of `p.n` numbers. A program has `...common`, and its main begins with `head`. */
export interface RowText {
  readonly common: Pick<ProgramText, "workgroup" | "enables" | "builtins"> & { readonly declarations: readonly Declarations[] };
  /** Finds the thread's row; ends threads that have none. */
  readonly head: string;
  /** WGSL names that `head` declares: index of the row, index of its first element, and whether this thread writes for its team. */
  readonly row: string;
  readonly first: string;
  readonly leads: string;
  /** WGSL: the sum, or the maximum, of what the threads of the row have as `x`; all of them get it. */
  readonly sum: (x: string) => string;
  readonly max: (x: string) => string;
  /** A loop over the thread's numbers of the row. */
  readonly each: (body: ValueOfRow) => string;
  /** Fills the row of each of these tensors, `unit` numbers at a time: two in f16, whose rows have even length. */
  readonly fill: (unit: 1 | 2, values: Readonly<Record<string, ValueOfRow>>) => string;
}

const threadDeclarations = declare(`
const WIDTH = 1u;
fn sum_of(x: f32) -> f32 { return x; }
fn max_of(x: f32) -> f32 { return x; }
`);

const threadHead = `  let row = ${WORKGROUP} * ${THREADS}u + lane;
  if (row >= p.rows) { return; }
  let at = row * p.n;
  let first = 0u;
  let leads = true;
`;

const groupMemory = declare(`
const WIDTH = ${THREADS}u;
var<workgroup> parts: array<f32, ${THREADS}>;
var<private> part: u32;
`);

const groupHead = `  let row = ${WORKGROUP};
  if (row >= p.rows) { return; }
  let at = row * p.n;
  part = lane;
  let first = lane;
  let leads = lane == 0u;
`;

/** Half of the threads combine their number with one of the other half, then a quarter of them, and so on: a barrier each time. */
const halved = (name: string, both: (one: string, other: string) => string): Declarations =>
  declare(
    `fn ${name}(x: f32) -> f32 {
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
`,
    groupMemory,
  );

const subgroupMemory = declare(
  `
/** Index of the thread in its subgroup, and threads of that. */
var<private> place: u32;
var<private> size: u32;
`,
  groupMemory,
);

/** Every subgroup goes over the numbers of all threads, so that each has the result and nothing needs to be broadcast. */
const within = (name: string, all: string, both: (one: string, other: string) => string): Declarations =>
  declare(
    `fn ${name}(x: f32) -> f32 {
  parts[part] = x;
  workgroupBarrier();
  var own = parts[place];
  for (var i = place + size; i < ${THREADS}u; i += size) { own = ${both("own", "parts[i]")}; }
  let all = ${all}(own);
  workgroupBarrier();
  return all;
}
`,
    subgroupMemory,
  );

const plus = (one: string, other: string): string => `${one} + ${other}`;
const larger = (one: string, other: string): string => `max(${one}, ${other})`;

const each: RowText["each"] = (body) => `  for (var j = first; j < p.n; j += WIDTH) { ${body("at + j", "j")} }
`;

const fill: RowText["fill"] = (unit, values) => {
  const names = Object.entries(values);
  if (unit === 1) return each(() => names.map(([name, value]) => `store_${name}(at + j, ${value("(at + j)", "j")});`).join(" "));
  const both = (value: ValueOfRow): string => `vec2f(${value("(at + j)", "j")}, ${value("(at + j + 1u)", "(j + 1u)")})`;
  return `  for (var j = 2u * first; j < p.n; j += 2u * WIDTH) { ${names.map(([name, value]) => `store2_${name}((at + j) / 2u, ${both(value)});`).join(" ")} }
`;
};

const textOf = (head: string, common: Omit<RowText["common"], "workgroup">): RowText => ({
  common: { workgroup: [THREADS, 1, 1], ...common },
  head,
  row: "row",
  first: "at",
  leads: "leads",
  sum: (x) => `sum_of(${x})`,
  max: (x) => `max_of(${x})`,
  each,
  fill,
});

const texts: Readonly<Record<RowTeam, RowText>> = {
  thread: textOf(threadHead, { declarations: [threadDeclarations] }),
  group: textOf(groupHead, { declarations: [halved("sum_of", plus), halved("max_of", larger)] }),
  subgroups: textOf(`  place = own_place;\n  size = own_size;\n${groupHead}`, {
    enables: ["subgroups"],
    builtins: { own_place: "subgroup_invocation_id", own_size: "subgroup_size" },
    declarations: [within("sum_of", "subgroupAdd", plus), within("max_of", "subgroupMax", larger)],
  }),
};

export const rowText = (team: RowTeam): RowText => texts[team];
