/**
 * Linear layer (G1): three matrix multiplications. The forward adds the bias as it stores y.
 *
 * A constant weight is packed into panels once; the panels live as long as the weight. Otherwise the multiplication packs it at each use.
 */
import { linear } from "../../../ops/linear.ts";
import { fuse } from "../../../ops/observe.ts";
import { axis, type Tensor } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import { packedColumns, parallelGemm, parallelMultiply, parallelPack } from "../gemm.ts";
import { MOVED_PER_CHUNK, rowsFor } from "../parallelFor.ts";
import { rowsOf, type FusedKernel } from "./kernel.ts";

export const linearKernel: FusedKernel = (parallelFor, heap) => {
  const { take, keep, address: at, count } = heap;

  /** Address of the panels of a constant weight [O, I]. */
  const panelsOf = (weight: Tensor): number => {
    const [O, I] = [axis(weight.shape, 0), axis(weight.shape, 1)];
    const { address, fresh } = keep(weight, [packedColumns(O), I]);
    if (fresh) parallelPack(parallelFor, address, at(weight), O, I);
    return address;
  };

  const kernel: typeof linear = {
    name: linear.name,
    forward: (k, { x, params: { weight, bias } }) => {
      const [rows, I, O] = [rowsOf(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
      const y = take([...x.shape.slice(0, -1), O]);
      const call = { c: at(y), a: at(x), bias: at(bias), m: rows, n: O, k: I };
      if (k.scope.constantWeights && rows * I > 0) parallelMultiply(parallelFor, { ...call, panels: panelsOf(weight) });
      else parallelGemm(parallelFor, { ...call, b: at(weight), ta: false, tb: true });
      count(rows * I * O);
      return { out: y, saved: { x, weight } };
    },
    vjp: (_, { x, weight }, dy) => {
      const [rows, I, O] = [rowsOf(x.shape), axis(x.shape, -1), axis(weight.shape, 0)];
      const [dx, dWeight, dBias] = [take(x.shape), take(weight.shape), take([O])];
      count(2 * rows * I * O);
      parallelFor("sumColumns", O, rowsFor(MOVED_PER_CHUNK, rows), (j, n) => {
        return [at(dBias) + j * F32_BYTES, at(dy) + j * F32_BYTES, rows, n, O];
      });
      parallelGemm(parallelFor, { c: at(dWeight), a: at(dy), b: at(x), bias: 0, m: O, n: I, k: rows, ta: true, tb: false });
      parallelGemm(parallelFor, { c: at(dx), a: at(dy), b: at(weight), bias: 0, m: rows, n: I, k: O, ta: false, tb: false });
      return { x: dx, params: { weight: dWeight, bias: dBias } };
    },
  };
  return fuse(linear, kernel);
};
