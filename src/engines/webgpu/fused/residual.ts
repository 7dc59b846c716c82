/** Residual add with the drop-path multiplier of each sample (E11), (E12), (G14), by elements. The sum itself is stored in f32. */
import { fuse } from "../../../ops/observe.ts";
import { residual } from "../../../ops/residual.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import { EACH_PAIR, eachPair } from "../kernels/elementwise.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** m of the pair's two elements; p.each of them belong to one sample. */
const multipliers = "vec2f(load_m(2u * pair / p.each), load_m((2u * pair + 1u) / p.each))";

const forwardProgram = variants((dropped: boolean, ofX: Storage, ofBranch: Storage): Program => {
  const shared = { name: "residual", params: { n: "u32", each: "u32" }, workgroup: [256, 1, 1] } as const;
  const tensors = { y: "f32", x: ofX, branch: ofBranch } as const;
  return dropped
    ? program({
        ...shared,
        tensors: { ...tensors, m: "f32" },
        main: `${EACH_PAIR}  store2_y(pair, load2_x(pair) + ${multipliers} * load2_branch(pair));`,
      })
    : program({ ...shared, tensors, main: `${EACH_PAIR}  store2_y(pair, load2_x(pair) + load2_branch(pair));` });
});

const vjpProgram = variants((ofDBranch: Storage, ofDy: Storage): Program =>
  program({
    name: "residual vjp",
    tensors: { dBranch: ofDBranch, dy: ofDy, m: "f32" },
    params: { n: "u32", each: "u32" },
    workgroup: [256, 1, 1],
    main: `${EACH_PAIR}  store2_dBranch(pair, ${multipliers} * load2_dy(pair));`,
  }),
);

export const residualKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  /** All elements, and those of a sample. */
  const counts = ({ shape }: Tensor): readonly [number, number] => [size(shape), size(shape) / axis(shape, 0)];
  const kernel: typeof residual = {
    name: residual.name,
    forward: (_, { x, branch }, { multiplier }) => {
      const [y, [n, each]] = [heap.take(x.shape), counts(x)];
      const launch = { program: forwardProgram(multiplier !== null, storage(x), storage(branch)), params: [n, each], groups: eachPair(n) };
      run(launch, y, x, branch, ...(multiplier === null ? [] : [multiplier]));
      return { out: y, saved: { multiplier } };
    },
    vjp: (_, { multiplier }, dy) => {
      if (multiplier === null) return { x: dy, branch: dy };
      const [dBranch, [n, each]] = [takeActivation(access, heap, dy.shape), counts(dy)];
      run({ program: vjpProgram(storage(dBranch), storage(dy)), params: [n, each], groups: eachPair(n) }, dBranch, dy, multiplier);
      return { x: dy, branch: dBranch };
    },
  };
  return fuse(residual, kernel);
};
