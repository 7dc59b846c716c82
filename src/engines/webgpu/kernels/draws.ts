/** Random draws by Philox 4×32-10: bitwise identical to those of src/tensor/key.ts. A thread makes a block of four. */
import type { Key } from "../../../tensor/key.ts";
import { declare, inRow, memoized, program, WORKGROUP, type Dispatch, type Program } from "../program.ts";

const THREADS = 256;

const philox = declare(`
fn product_high(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let carry = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (carry >> 16u);
}
fn philox(block: u32, key: vec2u) -> vec4u {
  var c = vec4u(block, 0u, 0u, 0u);
  var k = key;
  for (var round = 0; round < 10; round++) {
    let high = vec2u(product_high(0xd2511f53u, c.x), product_high(0xcd9e8d57u, c.z));
    let low = vec2u(0xd2511f53u * c.x, 0xcd9e8d57u * c.z);
    c = vec4u(high.y ^ c.y ^ k.x, low.y, high.x ^ c.w ^ k.y, low.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
`);

/** @param value WGSL: what is stored for the draw `u` in [0, 1), which may depend on p.c and p.d */
const drawsProgram = memoized((name: string, value: string): Program =>
  program({
    name,
    tensors: { out: "f32" },
    params: { n: "u32", key0: "u32", key1: "u32", c: "f32", d: "f32" },
    workgroup: [THREADS, 1, 1],
    declarations: [philox],
    main: `  let block = ${WORKGROUP} * ${THREADS}u + lane;
  let words = philox(block, vec2u(p.key0, p.key1));
  for (var i = 0u; i < 4u; i++) {
    let u = f32(words[i] >> 8u) * 5.9604644775390625e-8;
    if (4u * block + i < p.n) { store_out(4u * block + i, ${value}); }
  }`,
  }),
);

const draws = (made: Program, n: number, { words }: Key, c: number, d: number): Dispatch => ({
  program: made,
  params: [n, ...words, c, d],
  groups: inRow(Math.ceil(Math.ceil(n / 4) / THREADS)),
});

/** n draws u. */
export const uniformDraws = (n: number, key: Key): Dispatch => draws(drawsProgram("uniform", "u"), n, key, 0, 0);

/** `kept` where u ≥ rate, else 0. */
export const keptDraws = (n: number, key: Key, rate: number, kept: number): Dispatch =>
  draws(drawsProgram("keepMask", "select(0.0, p.d, u >= p.c)"), n, key, rate, kept);
