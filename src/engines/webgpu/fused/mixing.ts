/** A batch mixed with itself in reverse, Mixup (E38), (E33) and CutMix (E39), in one launch. What is mixed stays stored as it was. */
import { fuse } from "../../../ops/observe.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import { cutMix } from "../../../train/mixing/cutMix.ts";
import { mixup } from "../../../train/mixing/mixup.ts";
import type { HeapAccess } from "../../heap.ts";
import { EACH, each, EACH_PAIR, eachPair } from "../kernels/elementwise.ts";
import { program, variants, type Launch, type Program, type Storage } from "../program.ts";
import type { Access } from "../run.ts";
import type { FusedKernel } from "./kernel.ts";

/** Sizes that both have: all elements, samples, and elements of a sample. */
const SIZES = { n: "u32", B: "u32", each: "u32" } as const;

/**
 * A thread's element i, or its pair that begins there, with `own` and `other`: those of x, and of the partner at the same place.
 * No pair belongs to two samples.
 */
const texts = (pairs: boolean): { readonly start: string; readonly store: (value: string) => string } => {
  const [suffix, step] = pairs ? ["2", 2] : ["", 1];
  const load = (i: string): string => `load${suffix}_x((${i}) / ${step}u)`;
  return {
    start: `${pairs ? `${EACH_PAIR}  let i = 2u * pair;\n` : EACH}  let own = ${load("i")};
  let other = ${load("(p.B - 1u - i / p.each) * p.each + i % p.each")};
`,
    store: (value) => `  store${suffix}_out(i / ${step}u, ${value});\n`,
  };
};

const mixupProgram = variants((pairs: boolean, ofX: Storage, ofOut: Storage): Program => {
  const { start, store } = texts(pairs);
  return program({
    name: "mixup",
    tensors: { out: ofOut, x: ofX },
    params: { ...SIZES, kept: "f32", taken: "f32" },
    workgroup: [256, 1, 1],
    main: `${start}${store("p.kept * own + p.taken * other")}`,
  });
});

const cutMixProgram = variants((pairs: boolean, ofX: Storage, ofOut: Storage): Program => {
  const { start, store } = texts(pairs);
  return program({
    name: "cutMix",
    tensors: { out: ofOut, x: ofX },
    params: { ...SIZES, H: "u32", W: "u32", top: "u32", bottom: "u32", left: "u32", right: "u32" },
    workgroup: [256, 1, 1],
    declarations: `
fn in_box(i: u32) -> bool {
  let column = i % p.W;
  let row = (i / p.W) % p.H;
  return row >= p.top && row < p.bottom && column >= p.left && column < p.right;
}
`,
    main: `${start}${store(`select(own, other, ${pairs ? "vec2<bool>(in_box(i), in_box(i + 1u))" : "in_box(i)"})`)}`,
  });
});

/** @param numbers those that the program wants beside the sizes */
function mixed(
  { run, storage }: Access,
  { take }: HeapAccess,
  programOf: (pairs: boolean, ofX: Storage, ofOut: Storage) => Program,
  x: Tensor,
  numbers: Launch["params"],
): Tensor {
  const [n, B] = [size(x.shape), axis(x.shape, 0)];
  const pairs = (n / B) % 2 === 0;
  const out = take(x.shape, pairs && storage(x) === "f16" ? 2 : 4);
  const launch = { program: programOf(pairs, storage(x), storage(out)), params: [n, B, n / B, ...numbers] };
  run({ ...launch, groups: pairs ? eachPair(n) : each(n) }, out, x);
  return out;
}

export const mixupKernel: FusedKernel = (access, heap) => {
  const kernel: typeof mixup = {
    name: mixup.name,
    run: (_, { x }, { lambda }) => {
      return mixed(access, heap, mixupProgram, x, [lambda, 1 - lambda]);
    },
  };
  return fuse(mixup, kernel);
};

export const cutMixKernel: FusedKernel = (access, heap) => {
  const kernel: typeof cutMix = {
    name: cutMix.name,
    run: (_, { x }, box) => {
      return mixed(access, heap, cutMixProgram, x, [axis(x.shape, 2), axis(x.shape, 3), ...box.rows, ...box.columns]);
    },
  };
  return fuse(cutMix, kernel);
};
