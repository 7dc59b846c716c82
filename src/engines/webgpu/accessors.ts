/**
 * How the text of a program reads and writes its tensors: by functions, one set a tensor. The text never names the storage variable itself, so
 * two tensors of a program may share one variable, and f16 needs no code of its own in a kernel.
 */

/** How the numbers of a tensor are stored: as f32, or as f16 in pairs, the first number of a pair in the lower half of a 32-bit word. */
export type Storage = "f32" | "f16";

/** What a program sees of a tensor: numbers, one by one; numbers, four at a time; or 32-bit words that the program interprets itself. */
export type Element = Storage | Quad | "u32";

/** Four consecutive numbers, the first at a multiple of four. */
export type Quad = `${Storage}x4`;

/** Type of the elements of the WGSL array. */
const stored: Readonly<Record<Element, string>> = { f32: "f32", f16: "u32", f32x4: "vec4f", f16x4: "vec2u", u32: "u32" };

/** Every tensor is bound for writing, since two of them may lie in one buffer, and WebGPU allows a buffer one usage in a dispatch. */
export const declaration = (variable: string, element: Element, binding: number): string =>
  `@group(0) @binding(${binding}) var<storage, read_write> ${variable}: array<${stored[element]}>;\n`;

/** The functions of a tensor that is called `name` and stored in the array `variable`. */
const functions: Readonly<Record<Element, (name: string, variable: string) => string>> = {
  f32: (name, variable) => `fn load_${name}(i: u32) -> f32 { return ${variable}[i]; }
fn load2_${name}(pair: u32) -> vec2f { return vec2f(${variable}[2u * pair], ${variable}[2u * pair + 1u]); }
fn store_${name}(i: u32, value: f32) { ${variable}[i] = value; }
fn store2_${name}(pair: u32, value: vec2f) { ${variable}[2u * pair] = value.x; ${variable}[2u * pair + 1u] = value.y; }
`,
  f16: (name, variable) => `fn load_${name}(i: u32) -> f32 { return unpack2x16float(${variable}[i >> 1u])[i & 1u]; }
fn load2_${name}(pair: u32) -> vec2f { return unpack2x16float(${variable}[pair]); }
fn store2_${name}(pair: u32, value: vec2f) { ${variable}[pair] = pack_half(value); }
`,
  f32x4: (name, variable) => `fn load4_${name}(quad: u32) -> vec4f { return ${variable}[quad]; }
fn store4_${name}(quad: u32, value: vec4f) { ${variable}[quad] = value; }
`,
  f16x4: (name, variable) => `fn words_${name}(quad: u32) -> vec2u { return ${variable}[quad]; }
fn load4_${name}(quad: u32) -> vec4f { let words = ${variable}[quad]; return vec4f(unpack2x16float(words.x), unpack2x16float(words.y)); }
fn store4_${name}(quad: u32, value: vec4f) { ${variable}[quad] = vec2u(pack_half(value.xy), pack_half(value.zw)); }
`,
  u32: (name, variable) => `fn load_${name}(i: u32) -> u32 { return ${variable}[i]; }
fn store_${name}(i: u32, value: u32) { ${variable}[i] = value; }
`,
};

export const accessors = (name: string, variable: string, element: Element): string => functions[element](name, variable);
