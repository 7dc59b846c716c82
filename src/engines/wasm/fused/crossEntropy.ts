/** Cross-entropy of logits: one sum over all rows, so it is never cut into chunks. */
import { crossEntropy } from "../../../losses/crossEntropy.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis } from "../../../tensor/tensor.ts";
import type { FusedKernel } from "./kernel.ts";

export const crossEntropyKernel: FusedKernel = (parallelFor, { take, address: at }) => {
  const kernel: typeof crossEntropy = {
    name: crossEntropy.name,
    forward: (_, { logits }, { target }) => {
      const [loss, logProbs] = [take([]), take(logits.shape)];
      const [rows, n] = [axis(logits.shape, 0), axis(logits.shape, 1)];
      parallelFor("crossEntropy", 1, 1, () => [at(loss), at(logProbs), at(logits), at(target), rows, n]);
      return { out: loss, saved: { logProbs, target } };
    },
    vjp: (_, { logProbs, target }, dLoss) => {
      const dz = take(logProbs.shape);
      const [rows, n] = [axis(dz.shape, 0), axis(dz.shape, 1)];
      parallelFor("crossEntropyVjp", 1, 1, () => [at(dz), at(logProbs), at(target), at(dLoss), rows, n]);
      return { logits: dz };
    },
  };
  return fuse(crossEntropy, kernel);
};
