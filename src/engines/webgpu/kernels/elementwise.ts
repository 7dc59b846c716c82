/** Kernels with a thread for each element: constants, maps, and elementwise combinations of two tensors. */
import { broadcast, type Spread } from "../../../kernels/rules.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import type { ElementwiseLoops } from "../../region.ts";
import type { Storage } from "../accessors.ts";
import { memoized, type Dispatch, type Program } from "../program.ts";
import { SCRATCH_BYTES, type Access } from "../run.ts";
import { uniformDraws } from "./draws.ts";
import { exponential, logarithm, normal } from "./math.ts";
import { elementDispatch, elementProgram, pairDispatch, pairProgram } from "./perElement.ts";
import { inWords, widenDispatch } from "./upload.ts";

/** Functions of x, and for some of the number p.c. */
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

const mapProgram = memoized((name: MapName, storage: Storage): Program =>
  elementProgram({
    name,
    tensors: { out: "f32", a: storage },
    params: { c: "f32" },
    declarations: [exponential, logarithm, normal],
    main: (i) => `  let x = load_a(${i});\n  store_out(${i}, ${maps[name]});`,
  }),
);

const signs = { add: "+", sub: "-", mul: "*", div: "/" } as const;
type Sign = keyof typeof signs;

/** Index of the element of the smaller operand that meets element i of the larger. */
const broadcastIndex: Readonly<Record<Exclude<Spread, "same">, (i: string) => string>> = {
  trailing: (i) => `${i} % p.small`,
  last1: (i) => `${i} / p.last`,
};

/** Of two tensors of one shape. */
const pairsProgram = memoized((name: Sign, ofA: Storage, ofB: Storage): Program =>
  pairProgram({
    name,
    tensors: { out: "f32", a: ofA, b: ofB },
    along: ["a", "b"],
    covers: ["out"],
    main: (pair) => `  store2_out(${pair}, load2_a(${pair}) ${signs[name]} load2_b(${pair}));`,
  }),
);

/** Of a tensor and a smaller one. */
const broadcastProgram = memoized((name: Sign, spread: Exclude<Spread, "same">, swapped: boolean, ofA: Storage, ofB: Storage): Program =>
  elementProgram({
    name: `${name} ${spread}`,
    tensors: { out: "f32", a: ofA, b: ofB },
    params: { small: "u32", last: "u32" },
    along: [swapped ? "b" : "a"],
    covers: ["out"],
    main: (i) => {
      const j = broadcastIndex[spread](i);
      return `  store_out(${i}, load_a(${swapped ? j : i}) ${signs[name]} load_b(${swapped ? i : j}));`;
    },
  }),
);

const whereProgram = memoized((ofCondition: Storage, ofA: Storage, ofB: Storage): Program =>
  elementProgram({
    name: "where",
    tensors: { out: "f32", condition: ofCondition, a: ofA, b: ofB },
    params: { stride: "u32" },
    main: (i) => `  if (load_condition(${i} * p.stride) != 0.0) { store_out(${i}, load_a(${i})); } else { store_out(${i}, load_b(${i})); }`,
  }),
);

const fillProgram = elementProgram({
  name: "fill",
  tensors: { out: "u32" },
  params: { word: "u32" },
  main: (i) => `  store_out(${i}, p.word);`,
});

/** Writes the same 32-bit word n times. */
export const fill = (n: number, word: number): Dispatch => elementDispatch(fillProgram, n, [word]);

export function elementwise({ run, storage, upload, scratch }: Access): ElementwiseLoops {
  const map =
    (name: MapName) =>
    (out: Tensor, a: Tensor, c = 0): void =>
      run(elementDispatch(mapProgram(name, storage(a)), size(a.shape), [c]), out, a);
  const zip =
    (name: Sign) =>
    (out: Tensor, a: Tensor, b: Tensor): void => {
      const { spread, swapped } = broadcast(name, a.shape, b.shape);
      const n = size(out.shape);
      if (spread === "same") return run(pairDispatch(pairsProgram(name, storage(a), storage(b)), n), out, a, b);
      const made = broadcastProgram(name, spread, swapped, storage(a), storage(b));
      run(elementDispatch(made, n, [size((swapped ? a : b).shape), axis(out.shape, -1)]), out, a, b);
    };
  const uploadBytes = (out: Tensor, values: Uint8Array): void => {
    const words = inWords(values);
    upload(scratch, words);
    run(widenDispatch(words.length / 4), out, scratch);
  };
  return {
    upload: (out, _, values) => {
      if (values instanceof Uint8Array && values.length > 0 && values.length <= SCRATCH_BYTES) uploadBytes(out, values);
      else upload(out, values instanceof Float32Array ? values : Float32Array.from(values));
    },
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
      const stride = condition.shape.length === 0 ? 0 : 1;
      const made = whereProgram(storage(condition), storage(a), storage(b));
      run(elementDispatch(made, size(out.shape), [stride]), out, condition, a, b);
    },
  };
}
