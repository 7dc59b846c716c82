/** Batch norm: in training one channel after the other, and in inference by running statistics, one plane after the other. */
import type { Fused } from "../../../kernels/kernels.ts";
import { fuse } from "../../../ops/observe.ts";
import { batchNorm, frozenBatchNorm } from "../../../teacher/batchNorm.ts";
import { axis } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import { MOVED_PER_CHUNK, rowsFor } from "../parallelFor.ts";
import type { FusedKernel } from "./kernel.ts";

export const batchNormKernel: FusedKernel = (parallelFor, { take, address: at }) => {
  const kernel: typeof batchNorm = {
    name: batchNorm.name,
    forward: (_, { x, params: { weight: gamma, bias: beta } }, { eps }) => {
      const [B = 0, C = 0, H = 0, W = 0] = x.shape;
      const n = H * W;
      const [y, xHat, rstd, mean, variance] = [take(x.shape), take([B, C, n]), take([C]), take([C]), take([C])];
      parallelFor("batchNorm", C, rowsFor(MOVED_PER_CHUNK, B * n), (c, count) => {
        const [plane, own] = [c * n * F32_BYTES, c * F32_BYTES];
        const statistics = [at(rstd) + own, at(mean) + own, at(variance) + own] as const;
        return [at(y) + plane, at(xHat) + plane, ...statistics, at(x) + plane, at(gamma) + own, at(beta) + own, count, B, C, n, eps];
      });
      return { out: { y, stats: { constant: { mean, variance } } }, saved: { xHat, rstd, gamma } };
    },
    vjp: (_, { xHat, rstd, gamma }, { y: dy }) => {
      const [B = 0, C = 0, n = 0] = xHat.shape;
      const [dx, dGamma, dBeta] = [take(dy.shape), take([C]), take([C])];
      parallelFor("batchNormVjp", C, rowsFor(MOVED_PER_CHUNK, B * n), (c, count) => {
        const [plane, own] = [c * n * F32_BYTES, c * F32_BYTES];
        const gradients = [at(dx) + plane, at(dGamma) + own, at(dBeta) + own] as const;
        return [...gradients, at(dy) + plane, at(xHat) + plane, at(rstd) + own, at(gamma) + own, count, B, C, n];
      });
      return { x: dx, params: { weight: dGamma, bias: dBeta } };
    },
  };
  return fuse(batchNorm, kernel);
};

export const frozenBatchNormKernel: FusedKernel = (parallelFor, { take, address: at }) => {
  const kernel: Fused<typeof frozenBatchNorm> = {
    infer: (_, { x, params: { weight, bias } }, { eps, running: { running_mean: mean, running_var: variance } }) => {
      const y = take(x.shape);
      const [C, n] = [axis(x.shape, 1), axis(x.shape, 2) * axis(x.shape, 3)];
      parallelFor("frozenBatchNorm", axis(x.shape, 0) * C, rowsFor(MOVED_PER_CHUNK, n), (plane, count) => {
        return [at(y), at(x), at(mean), at(variance), at(weight), at(bias), plane, count, C, n, eps];
      });
      return { y, stats: { constant: null } };
    },
  };
  return fuse(frozenBatchNorm, kernel);
};
