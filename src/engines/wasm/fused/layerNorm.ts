/** Layer norm: the rows in one pass each; the gradients of weight and bias by columns. */
import { layerNorm } from "../../../ops/layerNorm.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import { COMPUTED_PER_CHUNK, rowsFor } from "../parallelFor.ts";
import { rowAt, rowsOf, type FusedKernel } from "./kernel.ts";

export const layerNormKernel: FusedKernel = (parallelFor, heap) => {
  const { take, address: at } = heap;
  const kernel: typeof layerNorm = {
    name: layerNorm.name,
    forward: (_, { x, params: { weight: gamma, bias: beta } }, { eps }) => {
      const n = axis(x.shape, -1);
      const [y, xHat, rstd] = [take(x.shape), take(x.shape), take([...x.shape.slice(0, -1), 1])];
      parallelFor("layerNorm", rowsOf(x.shape), rowsFor(COMPUTED_PER_CHUNK, n), (r, rows) => {
        return [rowAt(heap, y, r), rowAt(heap, xHat, r), rowAt(heap, rstd, r), rowAt(heap, x, r), at(gamma), at(beta), rows, n, eps];
      });
      return { out: y, saved: { xHat, rstd, gamma } };
    },
    vjp: (_, { xHat, rstd, gamma }, dy) => {
      const [rows, n] = [rowsOf(dy.shape), axis(dy.shape, -1)];
      const [dx, dGamma, dBeta] = [take(xHat.shape), take(gamma.shape), take(gamma.shape)];
      parallelFor("layerNormDx", rows, rowsFor(COMPUTED_PER_CHUNK, n), (r, some) => {
        return [rowAt(heap, dx, r), rowAt(heap, dy, r), rowAt(heap, xHat, r), rowAt(heap, rstd, r), at(gamma), some, n];
      });
      parallelFor("layerNormDParams", n, rowsFor(COMPUTED_PER_CHUNK, rows), (j, columns) => {
        const offset = j * F32_BYTES;
        return [at(dGamma) + offset, at(dBeta) + offset, at(dy) + offset, at(xHat) + offset, rows, columns, n];
      });
      return { x: dx, params: { weight: dGamma, bias: dBeta } };
    },
  };
  return fuse(layerNorm, kernel);
};
