/** Grouped convolution without a permutation (assembly/convolution.ts). */
import { windowGrid } from "../../../kernels/rules.ts";
import { fuse } from "../../../ops/observe.ts";
import { groupedConv, type ConvAttrs } from "../../../teacher/conv.ts";
import { axis, type Shape } from "../../../tensor/tensor.ts";
import { F32_BYTES } from "../../heap.ts";
import type { FusedKernel } from "./kernel.ts";

/** The integers that the kernels end with, and the numbers of an image, of its output and of its windows. */
interface Sizes {
  readonly sizes: readonly [number, number, number, number, number, number, number, number, number, number];
  readonly image: number;
  readonly output: number;
  /** C·k²·N; 0 if the windows are the image itself. */
  readonly windows: number;
}

function sizesOf([, C = 0, H = 0, W = 0]: Shape, weight: Shape, { groups, stride, padding }: ConvAttrs): Sizes {
  const [O, k] = [axis(weight, 0), axis(weight, -1)];
  const [rows, columns] = windowGrid(H, W, { kernel: k, stride, padding });
  return {
    sizes: [C, H, W, O, groups, rows, columns, k, stride, padding],
    image: C * H * W,
    output: O * rows * columns,
    windows: k === 1 && stride === 1 && padding === 0 ? 0 : C * k ** 2 * rows * columns,
  };
}

export const groupedConvKernel: FusedKernel = (parallelFor, { take, address: at, count }) => {
  const kernel: typeof groupedConv = {
    name: groupedConv.name,
    forward: (_, { x, params: { weight } }, attrs) => {
      const B = axis(x.shape, 0);
      const { sizes, image, output, windows } = sizesOf(x.shape, weight.shape, attrs);
      const [, , , O, , rows, columns] = sizes;
      const y = take([B, O, rows, columns]);
      const u = windows === 0 ? 0 : at(take([B, windows]));
      parallelFor("convolution", B, 1, (b, some) => {
        const own = windows === 0 ? 0 : u + b * windows * F32_BYTES;
        return [at(y) + b * output * F32_BYTES, own, at(x) + b * image * F32_BYTES, at(weight), some, ...sizes];
      });
      count(B * output * axis(weight.shape, 1) * axis(weight.shape, -1) ** 2);
      return { out: y, saved: { x, weight, ...attrs } };
    },
    vjp: (_, { x, weight, groups, stride, padding }, dy) => {
      const B = axis(x.shape, 0);
      const { sizes, image, output, windows } = sizesOf(x.shape, weight.shape, { groups, stride, padding });
      const [dx, dWeight] = [take(x.shape), take(weight.shape)];
      const u = windows === 0 ? 0 : at(take([B, windows]));
      parallelFor("convolutionDWeight", groups, 1, (g, some) => {
        const own = windows === 0 ? 0 : u + ((g * windows) / groups) * F32_BYTES; // of the first image: B ≥ 1
        return [at(dWeight), own, at(dy), at(x), g, some, B, ...sizes];
      });
      parallelFor("convolutionDx", B, 1, (b, some) => {
        const own = windows === 0 ? 0 : u + b * windows * F32_BYTES;
        return [at(dx) + b * image * F32_BYTES, own, at(dy) + b * output * F32_BYTES, at(weight), some, ...sizes];
      });
      count(2 * B * output * axis(weight.shape, 1) * axis(weight.shape, -1) ** 2);
      return { x: dx, params: { weight: dWeight } };
    },
  };
  return fuse(groupedConv, kernel);
};
