/** One element in, one out: values made, combined and mapped. A thread for each element. */
import { broadcast, type Spread } from "../../../kernels/rules.ts";
import type { Key } from "../../../tensor/key.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import type { ElementwiseLoops } from "../../region.ts";
import { GROUP, inRow, program, variants, type Launch, type Program, type Storage } from "../program.ts";
import type { Access } from "../run.ts";
import { exponential, logarithm, normal } from "./math.ts";

const THREADS = 256;

/** The thread's element; leaves `main` where there is none. */
export const EACH: string = `  let i = ${GROUP} * ${THREADS}u + lane;
  if (i >= p.n) { return; }
`;

/** As many groups as elements need. */
export const each = (n: number): Launch["groups"] => inRow(Math.ceil(n / THREADS));

/** The thread's pair of elements, 2·pair and the next; leaves `main` where there is none. */
export const EACH_PAIR: string = `  let pair = ${GROUP} * ${THREADS}u + lane;
  if (2u * pair >= p.n) { return; }
`;

/** As many groups as n elements need in pairs. */
export const eachPair = (n: number): Launch["groups"] => each(Math.ceil(n / 2));

/** What becomes of x, and with it of a number p.c. */
const maps = {
  scale: "x * p.c",
  addScalar: "x + p.c",
  square: "x * x",
  sqrt: "sqrt(x)",
  rsqrt: "1.0 / sqrt(x)",
  exp: "exp_of(x)",
  log: "log_of(x)",
  normalCdf: "normal_cdf(x)",
  step: "select(0.0, 1.0, x >= 0.0)",
  isFinite: "select(1.0, 0.0, (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u)",
} as const;
type MapName = keyof typeof maps;

const mapProgram = variants((name: MapName, storage: Storage): Program =>
  program({
    name,
    tensors: { out: "f32", a: storage },
    params: { n: "u32", c: "f32" },
    workgroup: [THREADS, 1, 1],
    declarations: `${exponential}${logarithm}${normal}`,
    main: `${EACH}  let x = load_a(i);\n  store_out(i, ${maps[name]});`,
  }),
);

const signs = { add: "+", sub: "-", mul: "*", div: "/" } as const;
type Sign = keyof typeof signs;

/** Which element of the smaller operand meets element i of the larger. */
const places: Readonly<Record<Spread, string>> = { same: "i", trailing: "i % p.small", last1: "i / p.last" };

const zipProgram = variants((name: Sign, spread: Spread, swapped: boolean, ofA: Storage, ofB: Storage): Program => {
  const [i, j] = ["i", places[spread]];
  return program({
    name: `${name} ${spread}`,
    tensors: { out: "f32", a: ofA, b: ofB },
    params: { n: "u32", small: "u32", last: "u32" },
    workgroup: [THREADS, 1, 1],
    main: `${EACH}  store_out(i, load_a(${swapped ? j : i}) ${signs[name]} load_b(${swapped ? i : j}));`,
  });
});

const whereProgram = variants((ofCondition: Storage, ofA: Storage, ofB: Storage): Program =>
  program({
    name: "where",
    tensors: { out: "f32", condition: ofCondition, a: ofA, b: ofB },
    params: { n: "u32", stride: "u32" },
    workgroup: [THREADS, 1, 1],
    main: `${EACH}  if (load_condition(i * p.stride) != 0.0) { store_out(i, load_a(i)); } else { store_out(i, load_b(i)); }`,
  }),
);

const fillProgram = program({
  name: "fill",
  tensors: { out: "u32" },
  params: { n: "u32", word: "u32" },
  workgroup: [THREADS, 1, 1],
  main: `${EACH}  out[i] = p.word;`,
});

/** The same 32-bit word everywhere. */
export const fill = (n: number, word: number): Launch => ({ program: fillProgram, params: [n, word], groups: each(n) });

/** Philox 4×32-10, a block of four draws u a thread: the bits of src/tensor/key.ts. What becomes of u may depend on p.c and p.d. */
const drawsProgram = variants((name: string, value: string): Program =>
  program({
    name,
    tensors: { out: "f32" },
    params: { n: "u32", key0: "u32", key1: "u32", c: "f32", d: "f32" },
    workgroup: [THREADS, 1, 1],
    declarations: `
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
`,
    main: `  let block = ${GROUP} * ${THREADS}u + lane;
  let words = philox(block, vec2u(p.key0, p.key1));
  for (var i = 0u; i < 4u; i++) {
    let u = f32(words[i] >> 8u) * 5.9604644775390625e-8;
    if (4u * block + i < p.n) { store_out(4u * block + i, ${value}); }
  }`,
  }),
);

const draws = (program: Program, n: number, { words }: Key, c: number, d: number): Launch => ({
  program,
  params: [n, ...words, c, d],
  groups: each(Math.ceil(n / 4)),
});

/** u */
const uniformDraws = (n: number, key: Key): Launch => draws(drawsProgram("uniform", "u"), n, key, 0, 0);

/** `kept` where u ≥ rate, else 0. */
export const keptDraws = (n: number, key: Key, rate: number, kept: number): Launch =>
  draws(drawsProgram("keepMask", "select(0.0, p.d, u >= p.c)"), n, key, rate, kept);

export function elementwise({ run, storage, upload }: Access): ElementwiseLoops {
  const map =
    (name: MapName) =>
    (out: Tensor, a: Tensor, c = 0): void => {
      const n = size(a.shape);
      run({ program: mapProgram(name, storage(a)), params: [n, c], groups: each(n) }, out, a);
    };
  const zip =
    (name: Sign) =>
    (out: Tensor, a: Tensor, b: Tensor): void => {
      const { spread, swapped } = broadcast(name, a.shape, b.shape);
      const [n, small] = [size(out.shape), size((swapped ? a : b).shape)];
      const launch = { program: zipProgram(name, spread, swapped, storage(a), storage(b)), params: [n, small, axis(out.shape, -1)] };
      run({ ...launch, groups: each(n) }, out, a, b);
    };
  return {
    upload: (out, _, values) => upload(out, values instanceof Float32Array ? values : Float32Array.from(values)),
    zeros: (out) => run(fill(size(out.shape), 0), out),
    uniform: (out, key) => run(uniformDraws(size(out.shape), key), out),
    add: zip("add"),
    sub: zip("sub"),
    mul: zip("mul"),
    div: zip("div"),
    scale: map("scale"),
    addScalar: map("addScalar"),
    square: map("square"),
    sqrt: map("sqrt"),
    rsqrt: map("rsqrt"),
    exp: map("exp"),
    log: map("log"),
    normalCdf: map("normalCdf"),
    step: map("step"),
    isFinite: map("isFinite"),
    where: (out, condition, a, b) => {
      const [n, stride] = [size(out.shape), condition.shape.length === 0 ? 0 : 1];
      const made = whereProgram(storage(condition), storage(a), storage(b));
      run({ program: made, params: [n, stride], groups: each(n) }, out, condition, a, b);
    },
  };
}
