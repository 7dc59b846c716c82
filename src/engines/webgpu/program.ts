/**
 * A WGSL program and its launches, before they meet a device. All of it is a function of kernels, shapes and facts alone, so that a plan can
 * be read, tested and compiled without running it.
 */

/** How the numbers of a tensor lie: f32, or f16 in pairs, the first in the lower half of a 32-bit word. */
export type Storage = "f32" | "f16";

/** What a program sees of a tensor: numbers of its storage, one by one or four at once, or words whose meaning is its own business. */
export type Element = Storage | Quad | "u32";

/** Four numbers that lie together, and begin at a multiple of four. */
export type Quad = `${Storage}x4`;

export type ParamType = "u32" | "f32";

/** A program as its kernel's file states it. */
export interface ProgramText {
  readonly name: string;
  /** Tensors by the name that the text gives them, in the order in which a launch binds them. */
  readonly tensors: Readonly<Record<string, Element>>;
  /** Numbers that change from launch to launch; `p.name` in the text. */
  readonly params: Readonly<Record<string, ParamType>>;
  /** Threads of a workgroup. */
  readonly workgroup: readonly [number, number, number];
  /** WGSL extensions that must be enabled. */
  readonly enables?: readonly string[];
  /** Names for further built-in values of the thread: name → the builtin. */
  readonly builtins?: Readonly<Record<string, string>>;
  /** Declarations before `main`: functions, workgroup memory. */
  readonly declarations?: string;
  /**
   * The body of `main`. In scope: `group` (vec3u), `groups` (vec3u, their number), `local` (vec3u), `lane` (the thread in its group).
   * For every tensor t of numbers: `load_t(i) -> f32` and `load2_t(pair) -> vec2f`, and `store_t(i, f32)` of an f32 tensor,
   * `store2_t(pair, vec2f)` of either. The second of the last pair may be one beyond an odd number of elements: there is room for it.
   * Of quads: `load4_t(quad) -> vec4f`, `store4_t(quad, vec4f)`.
   */
  readonly main: string;
}

export interface Program {
  readonly name: string;
  readonly wgsl: string;
  readonly elements: readonly Element[];
  readonly params: readonly ParamType[];
  /** WGSL extensions that it needs. */
  readonly enables: readonly string[];
  /** The same program where some of its tensors are one: the i-th binding is given by `first[i]`. */
  readonly shared: (first: readonly number[]) => Program;
}

export type Groups = readonly [number, number, number];

/** A program with its numbers: the params in the order of the text. */
export interface Launch {
  readonly program: Program;
  readonly params: readonly number[];
  readonly groups: Groups;
  /** Multiply–adds of matrix products that it does; default: none. */
  readonly macs?: number;
}

/** A uniform block has its own alignment; more numbers than these have no place in it. */
export const MOST_PARAMS = 64;

/** The most workgroups of one dimension. */
const MOST_GROUPS = 65_535;

const stored: Readonly<Record<Element, string>> = { f32: "f32", f16: "u32", f32x4: "vec4f", f16x4: "vec2u", u32: "u32" };

function accessors(name: string, variable: string, element: Element): string {
  if (element === "f32")
    return `fn load_${name}(i: u32) -> f32 { return ${variable}[i]; }
fn load2_${name}(pair: u32) -> vec2f { return vec2f(${variable}[2u * pair], ${variable}[2u * pair + 1u]); }
fn store_${name}(i: u32, value: f32) { ${variable}[i] = value; }
fn store2_${name}(pair: u32, value: vec2f) { ${variable}[2u * pair] = value.x; ${variable}[2u * pair + 1u] = value.y; }
`;
  if (element === "f16")
    return `fn load_${name}(i: u32) -> f32 { return unpack2x16float(${variable}[i >> 1u])[i & 1u]; }
fn load2_${name}(pair: u32) -> vec2f { return unpack2x16float(${variable}[pair]); }
fn store2_${name}(pair: u32, value: vec2f) { ${variable}[pair] = pack2x16float(value); }
`;
  if (element === "f32x4")
    return `fn load4_${name}(quad: u32) -> vec4f { return ${variable}[quad]; }
fn store4_${name}(quad: u32, value: vec4f) { ${variable}[quad] = value; }
`;
  if (element === "f16x4")
    return `fn load4_${name}(quad: u32) -> vec4f { let words = ${variable}[quad]; return vec4f(unpack2x16float(words.x), unpack2x16float(words.y)); }
fn store4_${name}(quad: u32, value: vec4f) { ${variable}[quad] = vec2u(pack2x16float(value.xy), pack2x16float(value.zw)); }
`;
  return "";
}

/** All tensors are bound for writing, as two of them may lie in one buffer, which has one use in a launch. */
const declared = (name: string, element: Element, binding: number): string =>
  `@group(0) @binding(${binding}) var<storage, read_write> ${name}: array<${stored[element]}>;\n`;

function textOf(text: ProgramText, first: readonly number[]): string {
  const names = Object.keys(text.tensors);
  const elements = Object.values(text.tensors);
  const params = Object.entries(text.params);
  const variable = (i: number): string => names[first[i] ?? i] ?? "";
  const renamed = (code: string): string =>
    names.reduce((all, name, i) => (first[i] === i ? all : all.replaceAll(new RegExp(`\\b${name}\\b`, "g"), variable(i))), code);
  const bindings = names.map((name, i) => (first[i] === i ? declared(name, elements[i] ?? "f32", i) : ""));
  const access = names.map((name, i) => accessors(name, variable(i), elements[i] ?? "f32"));
  const uniform = `struct Params { ${params.map(([name, type]) => `${name}: ${type}`).join(", ")} }\n@group(0) @binding(${names.length}) var<uniform> p: Params;\n`;
  return [
    ...(text.enables ?? []).map((name) => `enable ${name};\n`),
    ...bindings,
    params.length === 0 ? "" : uniform,
    ...access,
    renamed(text.declarations ?? ""),
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
${renamed(text.main)}
}
`,
  ].join("");
}

/** Makes a program of its text. */
export function program(text: ProgramText): Program {
  const elements = Object.values(text.tensors);
  const params = Object.values(text.params);
  const { name, enables = [] } = text;
  if (params.length > MOST_PARAMS) throw new RangeError(`${text.name}: ${params.length} params, of ${MOST_PARAMS} at most`);
  const variants = new Map<string, Program>();
  const shared = (first: readonly number[]): Program => {
    const key = first.join();
    const known = variants.get(key);
    if (known !== undefined) return known;
    if (first.some((j, i) => elements[j] !== elements[i])) throw new Error(`${text.name}: one tensor is given as two kinds of elements`);
    const made: Program = { name, wgsl: textOf(text, first), elements, params, enables, shared };
    variants.set(key, made);
    return made;
  };
  return shared(elements.map((_, i) => i));
}

/** Remembers what is made for a key, so that equal variants of a kernel are one program. */
export function variants<K extends readonly (string | number | boolean | null | object)[], V>(make: (...key: K) => V): (...key: K) => V {
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

/** So many workgroups in a row, folded into two dimensions where one is not enough; the text counts them by `GROUP`. */
export function inRow(count: number): Groups {
  if (count <= MOST_GROUPS) return [count, 1, 1];
  const x = Math.ceil(count / Math.ceil(count / MOST_GROUPS));
  return [x, Math.ceil(count / x), 1];
}

/** The number of the workgroup among those of `inRow`; there may be some too many. */
export const GROUP = "(group.y * groups.x + group.x)";
