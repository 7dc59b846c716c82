/** Log-softmax, row by row. */
import { logSoftmax } from "../../../ops/logSoftmax.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis } from "../../../tensor/tensor.ts";
import { COMPUTED_PER_CHUNK, rowsFor } from "../parallelFor.ts";
import { rowAt, rowsOf, type FusedKernel } from "./kernel.ts";

export const logSoftmaxKernel: FusedKernel = (parallelFor, heap) => {
  const kernel: typeof logSoftmax = {
    name: logSoftmax.name,
    forward: (_, { z }) => {
      const logProbs = heap.take(z.shape);
      const n = axis(z.shape, -1);
      parallelFor("logSoftmax", rowsOf(z.shape), rowsFor(COMPUTED_PER_CHUNK, n), (r, rows) => {
        return [rowAt(heap, logProbs, r), rowAt(heap, z, r), rows, n];
      });
      return { out: logProbs, saved: { logProbs } };
    },
    vjp: (_, { logProbs }, d) => {
      const dz = heap.take(logProbs.shape);
      const n = axis(d.shape, -1);
      parallelFor("logSoftmaxVjp", rowsOf(d.shape), rowsFor(COMPUTED_PER_CHUNK, n), (r, rows) => {
        return [rowAt(heap, dz, r), rowAt(heap, logProbs, r), rowAt(heap, d, r), rows, n];
      });
      return { z: dz };
    },
  };
  return fuse(logSoftmax, kernel);
};
