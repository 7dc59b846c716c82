/** Residual addition with the drop-path multiplier of each sample (E11), (E12), (G14): a thread for each pair of elements. The sum is stored as f32. */
import { fuse } from "../../../ops/observe.ts";
import { residual } from "../../../ops/residual.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import { pairDispatch, pairProgram } from "../kernels/perElement.ts";
import type { Storage } from "../accessors.ts";
import { memoized, type Program } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** WGSL: m of the two elements of a pair; p.each elements belong to one sample. */
const multipliers = (pair: string): string => `vec2f(load_m(2u * ${pair} / p.each), load_m((2u * ${pair} + 1u) / p.each))`;

const forwardProgram = memoized((dropped: boolean, ofX: Storage, ofBranch: Storage): Program => {
  const shared = { name: "residual", params: { each: "u32" }, along: ["x", "branch"], covers: ["y"] } as const;
  const tensors = { y: "f32", x: ofX, branch: ofBranch } as const;
  return dropped
    ? pairProgram({
        ...shared,
        tensors: { ...tensors, m: "f32" },
        main: (pair) => `  store2_y(${pair}, load2_x(${pair}) + ${multipliers(pair)} * load2_branch(${pair}));`,
      })
    : pairProgram({ ...shared, tensors, main: (pair) => `  store2_y(${pair}, load2_x(${pair}) + load2_branch(${pair}));` });
});

const vjpProgram = memoized((ofDBranch: Storage, ofDy: Storage): Program =>
  pairProgram({
    name: "residual vjp",
    tensors: { dBranch: ofDBranch, dy: ofDy, m: "f32" },
    along: ["dy"],
    covers: ["dBranch"],
    params: { each: "u32" },
    main: (pair) => `  store2_dBranch(${pair}, ${multipliers(pair)} * load2_dy(${pair}));`,
  }),
);

export const residualKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  /** Number of elements, and of elements of a sample. */
  const counts = ({ shape }: Tensor): readonly [number, number] => [size(shape), size(shape) / axis(shape, 0)];
  const kernel: typeof residual = {
    name: residual.name,
    forward: (_, { x, branch }, { multiplier }) => {
      const [y, [n, each]] = [heap.take(x.shape), counts(x)];
      const made = forwardProgram(multiplier !== null, storage(x), storage(branch));
      run(pairDispatch(made, n, [each]), y, x, branch, ...(multiplier === null ? [] : [multiplier]));
      return { out: y, saved: { multiplier } };
    },
    vjp: (_, { multiplier }, dy) => {
      if (multiplier === null) return { x: dy, branch: dy };
      const [dBranch, [n, each]] = [takeActivation(access, heap, dy.shape), counts(dy)];
      run(pairDispatch(vjpProgram(storage(dBranch), storage(dy)), n, [each]), dBranch, dy, multiplier);
      return { x: dy, branch: dBranch };
    },
  };
  return fuse(residual, kernel);
};
