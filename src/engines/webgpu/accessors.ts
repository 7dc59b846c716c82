/**
 * How the text of a program reads and writes its tensors: by functions, one set a tensor. The text never names the storage variable itself, so
 * two tensors of a program may share one variable, and f16 needs no code of its own in a kernel.
 */

/** How the numbers of a tensor are stored: as f32, or as f16 in pairs, the first number of a pair in the lower half of a 32-bit word. */
export type Storage = "f32" | "f16";

/** What a program sees of a tensor: numbers, one by one; numbers, four at a time; or 32-bit words that the program interprets itself. */
export type Element = Storage | Quad | "u32" | "u32x4";

/** Four consecutive numbers, the first at a multiple of four. */
export type Quad = `${Storage}x4`;

/** Type of the elements of the WGSL array. */
const stored: Readonly<Record<Element, string>> = { f32: "f32", f16: "u32", f32x4: "vec4f", f16x4: "vec2u", u32: "u32", u32x4: "vec4u" };

/** Every tensor is bound for writing, since two of them may lie in one buffer, and WebGPU allows a buffer one usage in a dispatch. */
export const declaration = (variable: string, element: Element, binding: number): string =>
  `@group(0) @binding(${binding}) var<storage, read_write> ${variable}: array<${stored[element]}>;\n`;

/** Functions that read the tensor `name` from the array `variable`. */
const loads: Readonly<Record<Element, (name: string, variable: string) => string>> = {
  f32: (name, variable) => `fn load_${name}(i: u32) -> f32 { return ${variable}[i]; }
fn load2_${name}(pair: u32) -> vec2f { return vec2f(${variable}[2u * pair], ${variable}[2u * pair + 1u]); }
`,
  f16: (name, variable) => `fn load_${name}(i: u32) -> f32 { return unpack2x16float(${variable}[i >> 1u])[i & 1u]; }
fn load2_${name}(pair: u32) -> vec2f { return unpack2x16float(${variable}[pair]); }
`,
  f32x4: (name, variable) => `fn load4_${name}(quad: u32) -> vec4f { return ${variable}[quad]; }
`,
  f16x4: (name, variable) => `fn words_${name}(quad: u32) -> vec2u { return ${variable}[quad]; }
fn load4_${name}(quad: u32) -> vec4f { let words = ${variable}[quad]; return vec4f(unpack2x16float(words.x), unpack2x16float(words.y)); }
`,
  u32: (name, variable) => `fn load_${name}(i: u32) -> u32 { return ${variable}[i]; }
`,
  u32x4: (name, variable) => `fn load4_${name}(i: u32) -> vec4u { return ${variable}[i]; }
`,
};

/** What follows each store of a tensor: a function of the program, called with the index of an element or of a pair, and its value as stored. */
export interface Epilogue {
  readonly name: string;
  /** Elements that it takes at a time. */
  readonly unit: 1 | 2;
}

const afterOne = (epilogues: readonly Epilogue[]): string =>
  epilogues.map(({ name, unit }) => (unit === 1 ? ` ${name}(i, value);` : "")).join("");

const afterPair = (epilogues: readonly Epilogue[], pair: string, value: string): string =>
  epilogues
    .map(({ name, unit }) =>
      unit === 2 ? ` ${name}(${pair}, ${value});` : ` ${name}(2u * ${pair}, ${value}.x); ${name}(2u * ${pair} + 1u, ${value}.y);`,
    )
    .join("");

const afterQuad = (epilogues: readonly Epilogue[], value: string): string =>
  `${afterPair(epilogues, "(2u * quad)", `${value}.xy`)}${afterPair(epilogues, "(2u * quad + 1u)", `${value}.zw`)}`;

/** Functions that write it; `set` is the assignment to an element of the array. */
type Stores = (name: string, set: (index: string, value: string) => string, epilogues: readonly Epilogue[]) => string;

const stores: Readonly<Record<Element, Stores>> = {
  f32: (name, set, then) => `fn store_${name}(i: u32, value: f32) { ${set("i", "value")}${afterOne(then)} }
fn store2_${name}(pair: u32, value: vec2f) { ${set("2u * pair", "value.x")} ${set("2u * pair + 1u", "value.y")}${afterPair(then, "pair", "value")} }
`,
  f16: (
    name,
    set,
    then,
  ) => `fn store2_${name}(pair: u32, value: vec2f) { let word = pack_half(value); ${set("pair", "word")}${afterPair(then, "pair", "unpack2x16float(word)")} }
`,
  f32x4: (name, set, then) => `fn store4_${name}(quad: u32, value: vec4f) { ${set("quad", "value")}${afterQuad(then, "value")} }
`,
  f16x4: (
    name,
    set,
    then,
  ) => `fn store4_${name}(quad: u32, value: vec4f) { let words = vec2u(pack_half(value.xy), pack_half(value.zw)); ${set("quad", "words")}${afterQuad(then, "vec4f(unpack2x16float(words.x), unpack2x16float(words.y))")} }
`,
  u32: (name, set) => `fn store_${name}(i: u32, value: u32) { ${set("i", "value")} }
`,
  u32x4: (name, set) => `fn store4_${name}(i: u32, value: vec4u) { ${set("i", "value")} }
`,
};

/** @param variable the array; null: the tensor is not stored, and has only its epilogues */
export function accessors(name: string, variable: string | null, element: Element, epilogues: readonly Epilogue[] = []): string {
  if (variable === null) return stores[element](name, () => "", epilogues);
  return loads[element](name, variable) + stores[element](name, (index, value) => `${variable}[${index}] = ${value};`, epilogues);
}
