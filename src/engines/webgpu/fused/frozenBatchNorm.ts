/** Batch norm by running statistics (src/teacher/batchNorm.ts), by elements. Training, and the pullback, run the definition. */
import type { Fused } from "../../../kernels/kernels.ts";
import { fuse } from "../../../ops/observe.ts";
import { frozenBatchNorm } from "../../../teacher/batchNorm.ts";
import { axis, size } from "../../../tensor/tensor.ts";
import { EACH_PAIR, eachPair } from "../kernels/elementwise.ts";
import { program, variants, type Program, type Storage } from "../program.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** x̂ = (x − μ) ⊙ r and y = γ ⊙ x̂ + β of a pair of elements, which may be of two channels. */
const normProgram = variants((ofX: Storage, ofY: Storage): Program =>
  program({
    name: "frozenBatchNorm",
    tensors: { y: ofY, x: ofX, mean: "f32", variance: "f32", gamma: "f32", beta: "f32" },
    params: { n: "u32", channels: "u32", pixels: "u32", eps: "f32" },
    workgroup: [256, 1, 1],
    declarations: `
fn normed(x: f32, i: u32) -> f32 {
  let c = (i / p.pixels) % p.channels;
  return (x - load_mean(c)) * (1.0 / sqrt(load_variance(c) + p.eps)) * load_gamma(c) + load_beta(c);
}
`,
    main: `${EACH_PAIR}  let x2 = load2_x(pair);
  store2_y(pair, vec2f(normed(x2.x, 2u * pair), normed(x2.y, 2u * pair + 1u)));`,
  }),
);

export const frozenBatchNormKernel: FusedKernel = (access, heap) => {
  const { run, storage } = access;
  const kernel: Fused<typeof frozenBatchNorm> = {
    infer: (_, { x, params }, { eps, running }) => {
      const [y, n] = [takeActivation(access, heap, x.shape), size(x.shape)];
      const [C, pixels] = [axis(x.shape, 1), axis(x.shape, 2) * axis(x.shape, 3)];
      const launch = { program: normProgram(storage(x), storage(y)), params: [n, C, pixels, eps], groups: eachPair(n) };
      run(launch, y, x, running.running_mean, running.running_var, params.weight, params.bias);
      return { y, stats: { constant: null } };
    },
  };
  return fuse(frozenBatchNorm, kernel);
};
