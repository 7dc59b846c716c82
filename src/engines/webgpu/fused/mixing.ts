/** A batch mixed with its own reverse, Mixup (E38), (E33) and CutMix (E39): one dispatch each. The result is stored like the batch. */
import { fuse } from "../../../ops/observe.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import { cutMix } from "../../../train/mixing/cutMix.ts";
import { mixup } from "../../../train/mixing/mixup.ts";
import type { HeapAccess } from "../../heap.ts";
import { elementDispatch, elementProgram, pairDispatch, pairProgram } from "../kernels/perElement.ts";
import type { Storage } from "../accessors.ts";
import { declare, memoized, type Dispatch, type Program, type ProgramText } from "../program.ts";
import type { Access } from "../run.ts";
import type { FusedKernel } from "./kernel.ts";

/** Params of both programs: samples, and elements of a sample. */
const SIZES = { B: "u32", each: "u32" } as const;

/**
 * A program that mixes each element of x with that of the partner at the same index, or each pair of elements, none of which belongs to two
 * samples.
 *
 * @param value WGSL: the result, given index i of the element, or of the first of the pair, and the values of x and of the partner
 */
function mixProgram(
  pairs: boolean,
  text: Pick<ProgramText, "name" | "params" | "declarations">,
  [ofX, ofOut]: readonly [ofX: Storage, ofOut: Storage],
  value: (i: string, own: string, other: string) => string,
): Program {
  const [suffix, step] = pairs ? ["2", 2] : ["", 1];
  const load = (i: string): string => `load${suffix}_x((${i}) / ${step}u)`;
  const mix = (i: string): string => `  let own = ${load(i)};
  let other = ${load(`(p.B - 1u - ${i} / p.each) * p.each + ${i} % p.each`)};
  store${suffix}_out(${i} / ${step}u, ${value(i, "own", "other")});
`;
  const shared = { ...text, params: { ...SIZES, ...text.params }, tensors: { out: ofOut, x: ofX } };
  return pairs
    ? pairProgram({ ...shared, main: (pair) => `  let i = 2u * ${pair};\n${mix("i")}` })
    : elementProgram({ ...shared, main: mix });
}

const mixupProgram = memoized((pairs: boolean, ofX: Storage, ofOut: Storage): Program =>
  mixProgram(
    pairs,
    { name: "mixup", params: { kept: "f32", taken: "f32" } },
    [ofX, ofOut],
    (_, own, other) => `p.kept * ${own} + p.taken * ${other}`,
  ),
);

const inBox = declare(`
fn in_box(i: u32) -> bool {
  let column = i % p.W;
  let row = (i / p.W) % p.H;
  return row >= p.top && row < p.bottom && column >= p.left && column < p.right;
}
`);

const cutMixProgram = memoized((pairs: boolean, ofX: Storage, ofOut: Storage): Program => {
  const params = { H: "u32", W: "u32", top: "u32", bottom: "u32", left: "u32", right: "u32" } as const;
  return mixProgram(pairs, { name: "cutMix", params, declarations: [inBox] }, [ofX, ofOut], (i, own, other) => {
    const inside = pairs ? `vec2<bool>(in_box(${i}), in_box(${i} + 1u))` : `in_box(${i})`;
    return `select(${own}, ${other}, ${inside})`;
  });
});

/** @param numbers params of the program after the sizes */
function mixed(
  { run, storage }: Access,
  { take }: HeapAccess,
  programOf: (pairs: boolean, ofX: Storage, ofOut: Storage) => Program,
  x: Tensor,
  numbers: Dispatch["params"],
): Tensor {
  const [n, B] = [size(x.shape), axis(x.shape, 0)];
  const pairs = (n / B) % 2 === 0;
  const out = take(x.shape, pairs && storage(x) === "f16" ? 2 : 4);
  const made = programOf(pairs, storage(x), storage(out));
  run((pairs ? pairDispatch : elementDispatch)(made, n, [B, n / B, ...numbers]), out, x);
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
