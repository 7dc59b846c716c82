/**
 * WGSL programs and their dispatches, before they meet a device. They depend on kernels, shapes and device capabilities alone, so a plan can be
 * read, tested and compiled without running it.
 */
import { accessors, declaration, type Element, type Epilogue } from "./accessors.ts";
import { packHalf } from "./halfPack.ts";
import { usesOf, type Use } from "./uses.ts";

export type ParamType = "u32" | "f32";

/** WGSL declarations at module scope, and those that they use: a program that has the former gets the latter too, each once. */
export interface Declarations {
  readonly code: string;
  readonly uses: readonly Declarations[];
}

export const declare = (code: string, ...uses: readonly Declarations[]): Declarations => ({ code, uses });

/** What a program does for each element, or each pair of adjacent elements, of its tensors, independently of all others. */
export interface PerElement {
  /** Elements that a thread has. */
  readonly unit: 1 | 2;
  /** WGSL: what it does for the element, or the pair, with index `at`. */
  readonly body: string;
  /** Tensors whose elements are loaded at `at` only, so that they need not come from memory. */
  readonly along: readonly string[];
  /** Tensors of which every element is stored, once. */
  readonly covers: readonly string[];
}

/** A program as the file of its kernel states it. */
export interface ProgramText {
  readonly name: string;
  /** Tensors by the name that the text gives them, in the order in which a dispatch binds them. */
  readonly tensors: Readonly<Record<string, Element>>;
  /** Numbers that change from dispatch to dispatch; `p.name` in the text. */
  readonly params: Readonly<Record<string, ParamType>>;
  /** Threads of a workgroup. */
  readonly workgroup: readonly [number, number, number];
  /** WGSL extensions to enable. */
  readonly enables?: readonly string[];
  /** Further built-in values of the thread: name in the text → WGSL builtin. */
  readonly builtins?: Readonly<Record<string, string>>;
  /** Threads of a subgroup, where the program states them. */
  readonly subgroupSize?: number;
  /** Functions, constants and workgroup memory that `main` uses. */
  readonly declarations?: readonly Declarations[];
  /**
   * The body of `main`. In scope: `group` (vec3u), `groups` (vec3u, the number of workgroups), `local` (vec3u), `lane` (index of the thread in
   * its workgroup).
   *
   * Functions for every tensor t, by its element type:
   *
   *   f32, f16      `load_t(i) -> f32`, `load2_t(pair) -> vec2f`, `store2_t(pair, vec2f)`, and for f32 `store_t(i, f32)`
   *   f32x4, f16x4  `load4_t(quad) -> vec4f`, `store4_t(quad, vec4f)`, and for f16x4 `words_t(quad) -> vec2u`
   *   u32           `load_t(i) -> u32`, `store_t(i, u32)`
   *   u32x4         `load4_t(i) -> vec4u`, `store4_t(i, vec4u)`
   *
   * The last pair of an odd number of elements reaches one element too far: the memory has room for it.
   */
  readonly main: string;
  /** Tensors of which it stores every element, once, and loads none, so that their stores may have epilogues (epilogue.ts). */
  readonly covers?: readonly string[];
  /** Tensors of which it stores a part that no other dispatch of such a program stores. */
  readonly partial?: readonly string[];
  /** Stated by a program that may be the epilogue of another. */
  readonly perElement?: PerElement;
  /** The epilogues of its tensors. */
  readonly epilogues?: Readonly<Record<string, readonly Epilogue[]>>;
  /** Tensors that it does not store, as only their epilogues need them. They are not bound. */
  readonly unstored?: Readonly<Record<string, Element>>;
}

export interface Program {
  readonly name: string;
  readonly text: ProgramText;
  readonly wgsl: string;
  readonly elements: readonly Element[];
  /** What it does with each tensor, in the order in which a dispatch binds them. */
  readonly uses: readonly Use[];
  readonly params: readonly ParamType[];
  /** WGSL extensions that it needs. */
  readonly enables: readonly string[];
  /** The same program where some of its tensors are the same: tensor i is bound as tensor `first[i]`, the first that equals it. */
  readonly shared: (first: readonly number[]) => Program;
}

/** Workgroups in x, y and z. */
export type Groups = readonly [number, number, number];

/** One run of a program. */
export interface Dispatch {
  readonly program: Program;
  /** In the order of the program's params. */
  readonly params: readonly number[];
  readonly groups: Groups;
  /** Multiply–adds of the matrix multiplications that it does; default: none. */
  readonly macs?: number;
  /** Multiply–adds that its threads execute, with those beyond the edges of matrices and those that are done again; default: `macs`. */
  readonly executed?: number;
  /** Bytes of the scratch that it reads or writes; default: none. */
  readonly scratchBytes?: number;
  /** Called when it is made, which may be later than it was issued; a dispatch that does the work of several has that of the first. Only plans have it. */
  readonly note?: Note;
}

/** What a dispatch does with a piece of memory that it binds. */
export interface OperandUse {
  readonly bytes: number;
  /** Bytes that are read, and that are written. */
  readonly read: number;
  readonly written: number;
  /** It is the engine's scratch, no tensor. */
  readonly isScratch: boolean;
}

/** Told of a dispatch that is made, and of the memory that it binds, each piece once. */
export type Note = (made: Dispatch, operands: readonly OperandUse[]) => void;

/** The most params of a program: every dispatch binds a buffer range with room for this many. */
export const MOST_PARAMS = 64;

/** WebGPU's limit for the workgroups of one dimension. */
const MOST_GROUPS = 65_535;

/** The code of declarations and of all that they use, each once and after what it uses. */
export function codeOf(declarations: readonly Declarations[]): string {
  const ordered = new Set<Declarations>();
  const add = (one: Declarations): void => {
    for (const used of one.uses) add(used);
    ordered.add(one);
  };
  for (const one of declarations) add(one);
  return [...ordered].map(({ code }) => code).join("");
}

function wgslOf(text: ProgramText, first: readonly number[]): string {
  const tensors = Object.entries(text.tensors);
  const params = Object.entries(text.params);
  const variable = (i: number): string => `tensor${first[i] ?? i}`;
  const bindings = tensors.map(([, element], i) => (first[i] === i ? declaration(variable(i), element, i) : ""));
  const packs = [...tensors, ...Object.entries(text.unstored ?? {})].some(([, element]) => element.startsWith("f16")) ? [packHalf] : [];
  const uniform = `struct Params { ${params.map(([name, type]) => `${name}: ${type}`).join(", ")} }\n@group(0) @binding(${tensors.length}) var<uniform> p: Params;\n`;
  return [
    ...(text.enables ?? []).map((name) => `enable ${name};\n`),
    ...bindings,
    params.length === 0 ? "" : uniform,
    ...tensors.map(([name, element], i) => accessors(name, variable(i), element, text.epilogues?.[name])),
    ...Object.entries(text.unstored ?? {}).map(([name, element]) => accessors(name, null, element, text.epilogues?.[name])),
    codeOf([...packs, ...(text.declarations ?? [])]),
    text.subgroupSize === undefined ? "" : `\n@subgroup_size(${text.subgroupSize})`,
    `
@compute @workgroup_size(${text.workgroup.join(", ")})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) lane: u32,
${Object.entries(text.builtins ?? {})
  .map(([name, builtin]) => `  @builtin(${builtin}) ${name}: u32,\n`)
  .join("")}) {
${text.main}
}
`,
  ].join("");
}

/**
 * Makes a program of its text.
 *
 * @throws RangeError for more than `MOST_PARAMS` params
 */
export function program(text: ProgramText): Program {
  const elements = Object.values(text.tensors);
  const params = Object.values(text.params);
  const { name, enables = [], declarations = [] } = text;
  const ofEpilogues = Object.values(text.epilogues ?? {}).flatMap((all) => all.map((one) => `${one.name}();`));
  const uses = usesOf(Object.keys(text.tensors), codeOf(declarations), text.main + ofEpilogues.join(""));
  if (params.length > MOST_PARAMS) throw new RangeError(`${name}: a program has at most ${MOST_PARAMS} params, got ${params.length}`);
  const sharing = new Map<string, Program>();
  const shared = (first: readonly number[]): Program => {
    const key = first.join();
    const known = sharing.get(key);
    if (known !== undefined) return known;
    const differs = first.findIndex((j, i) => elements[j] !== elements[i]);
    if (differs >= 0)
      throw new Error(`${name}: one tensor is bound as ${elements[first[differs] ?? 0]} and as ${elements[differs]}; bind it as one type`);
    const made: Program = { name, text, wgsl: wgslOf(text, first), elements, uses, params, enables, shared };
    sharing.set(key, made);
    return made;
  };
  return shared(elements.map((_, i) => i));
}

/** Calls `make` once for each key, so that equal programs are one object. */
export function memoized<K extends readonly (string | number | boolean | null | object)[], V>(make: (...key: K) => V): (...key: K) => V {
  const known = new Map<string, V>();
  return (...key) => {
    const name = JSON.stringify(key);
    const found = known.get(name);
    if (found !== undefined) return found;
    const made = make(...key);
    known.set(name, made);
    return made;
  };
}

/** `count` workgroups, in two dimensions where one has no room for them; programs count them by `WORKGROUP`. */
export function inRow(count: number): Groups {
  if (count <= MOST_GROUPS) return [count, 1, 1];
  const x = Math.ceil(count / Math.ceil(count / MOST_GROUPS));
  return [x, Math.ceil(count / x), 1];
}

/** WGSL: index of the workgroup among those of `inRow`, which may make more than its count: programs end those. */
export const WORKGROUP = "(group.y * groups.x + group.x)";
