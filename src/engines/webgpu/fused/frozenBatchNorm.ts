/** Batch norm by running statistics (src/teacher/batchNorm.ts), for inference: a thread for each pair of elements. */
import type { Fused } from "../../../kernels/kernels.ts";
import { fuse } from "../../../ops/observe.ts";
import { frozenBatchNorm } from "../../../teacher/batchNorm.ts";
import { axis, size } from "../../../tensor/tensor.ts";
import { pairDispatch, pairProgram } from "../kernels/perElement.ts";
import type { Storage } from "../accessors.ts";
import { declare, memoized, type Program } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** y = γ ⊙ x̂ + β with x̂ = (x − μ) ⊙ r. The elements of a pair may belong to two channels. */
const normProgram = memoized((ofX: Storage, ofY: Storage): Program =>
  pairProgram({
    name: "frozenBatchNorm",
    tensors: { y: ofY, x: ofX, mean: "f32", variance: "f32", gamma: "f32", beta: "f32" },
    params: { channels: "u32", pixels: "u32", eps: "f32" },
    declarations: [
      declare(`
fn normed(x: f32, i: u32) -> f32 {
  let c = (i / p.pixels) % p.channels;
  return (x - load_mean(c)) * (1.0 / sqrt(load_variance(c) + p.eps)) * load_gamma(c) + load_beta(c);
}
`),
    ],
    main: (pair) => `  let x2 = load2_x(${pair});
  store2_y(${pair}, vec2f(normed(x2.x, 2u * ${pair}), normed(x2.y, 2u * ${pair} + 1u)));`,
  }),
);

export const frozenBatchNormKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  const kernel: Fused<typeof frozenBatchNorm> = {
    infer: (_, { x, params }, { eps, running }) => {
      const [y, n] = [takeActivation(access, heap, x.shape), size(x.shape)];
      const [C, pixels] = [axis(x.shape, 1), axis(x.shape, 2) * axis(x.shape, 3)];
      run(
        pairDispatch(normProgram(storage(x), storage(y)), n, [C, pixels, eps]),
        y,
        x,
        running.running_mean,
        running.running_var,
        params.weight,
        params.bias,
      );
      return { y, stats: { constant: null } };
    },
  };
  return fuse(frozenBatchNorm, kernel);
};
