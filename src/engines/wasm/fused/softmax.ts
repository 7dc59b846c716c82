/** Softmax, row by row. */
import { fuse } from "../../../ops/observe.ts";
import { softmax } from "../../../ops/softmax.ts";
import { axis } from "../../../tensor/tensor.ts";
import { COMPUTED_PER_CHUNK, rowsFor } from "../parallelFor.ts";
import { rowAt, rowsOf, type FusedKernel } from "./kernel.ts";

export const softmaxKernel: FusedKernel = (parallelFor, heap) => {
  const kernel: typeof softmax = {
    name: softmax.name,
    forward: (_, { z }) => {
      const s = heap.take(z.shape);
      const n = axis(z.shape, -1);
      parallelFor("softmax", rowsOf(z.shape), rowsFor(COMPUTED_PER_CHUNK, n), (r, rows) => {
        return [rowAt(heap, s, r), rowAt(heap, z, r), rows, n, 1];
      });
      return { out: s, saved: { s } };
    },
    vjp: (_, { s }, ds) => {
      const dz = heap.take(s.shape);
      const n = axis(s.shape, -1);
      parallelFor("softmaxVjp", rowsOf(s.shape), rowsFor(COMPUTED_PER_CHUNK, n), (r, rows) => {
        return [rowAt(heap, dz, r), rowAt(heap, s, r), rowAt(heap, ds, r), rows, n, 1];
      });
      return { z: dz };
    },
  };
  return fuse(softmax, kernel);
};
