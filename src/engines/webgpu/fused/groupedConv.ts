/**
 * Grouped convolution forwards. Where products are what a device is fast at, its matrix units, or the processor under it, a product for each image
 * and group: of the image as it lies for a window of one pixel, else of its windows, made for so many images at a time that they take little
 * memory. Elsewhere one kernel, without windows. The pullback goes by the definition.
 */
import { windowGrid } from "../../../kernels/rules.ts";
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import { groupedConv } from "../../../teacher/conv.ts";
import { axis, type Tensor } from "../../../tensor/tensor.ts";
import type { HeapAccess } from "../../heap.ts";
import { convLaunch, type ConvSizes } from "../kernels/conv.ts";
import { multiplier } from "../kernels/gemm/multiply.ts";
import { hasMatrixUnits } from "../kernels/gemm/ways.ts";
import { windowsLaunch } from "../kernels/windows.ts";
import { activationBytes, type Access } from "../run.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** Of windows at a time, about: what is made should still be in a cache when it is multiplied. */
const WINDOW_BYTES = 2 ** 26;
/** What is bound starts at multiples of so many bytes. */
const GRAIN = 256;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

type Convolve = (y: Tensor, x: Tensor, weight: Tensor, sizes: ConvSizes) => void;

function byProducts(access: Access, { take, address }: HeapAccess): Convolve {
  const { run, storage } = access;
  const multiply = multiplier(access);
  return (y, x, weight, sizes) => {
    const { images, channels, outputs, rows, across, groups, kernel, stride, padding } = sizes;
    const places = rows * across;
    const product = {
      m: outputs / groups,
      n: places,
      k: (channels / groups) * kernel ** 2,
      ta: false,
      tb: false,
      shared: false,
      lefts: groups,
    };
    const terms = { a: weight, bias: null, scale: 1 };
    if (kernel === 1 && stride === 1 && padding === 0) return multiply(y, { ...terms, b: x }, { ...product, batch: images * groups });

    const image = outputs * places * activationBytes(access, y.shape); // bytes of its result
    const together = GRAIN / gcd(GRAIN, image); // of so many images, the next one's result starts where something can be bound
    const rowsOfU = channels * kernel ** 2;
    const bytes = activationBytes(access, [places]);
    const some = Math.min(images, together * Math.max(1, Math.floor(WINDOW_BYTES / (together * rowsOfU * places * bytes))));
    const u = take([some, rowsOfU, places], bytes);
    for (let first = 0; first < images; first += some) {
      const count = Math.min(some, images - first);
      run(windowsLaunch(sizes, first, count, storage(x), storage(u)), u, x);
      const part = { address: address(y) + first * image, bytes: count * image, storage: storage(y) };
      multiply(part, { ...terms, b: u }, { ...product, batch: count * groups });
    }
  };
}

export const groupedConvKernel: FusedKernel = (access, heap) => {
  const { facts, precision, run, storage } = access;
  const products = facts.software || (precision === "f16" && hasMatrixUnits(facts));
  const convolve: Convolve = products
    ? byProducts(access, heap)
    : (y, x, weight, sizes) => run(convLaunch(sizes, storage(x)), y, x, weight);
  const kernel: typeof groupedConv = {
    name: groupedConv.name,
    forward: (_, { x, params: { weight } }, attrs) => {
      const { groups, stride, padding } = attrs;
      const [B = 0, C = 0, H = 0, W = 0] = x.shape;
      const [O, side] = [axis(weight.shape, 0), axis(weight.shape, -1)];
      const [rows, across] = windowGrid(H, W, { kernel: side, stride, padding });
      const y = products ? takeActivation(access, heap, [B, O, rows, across]) : heap.take([B, O, rows, across]);
      const sizes = { images: B, channels: C, height: H, width: W, outputs: O, rows, across, groups, kernel: side, stride, padding };
      convolve(y, x, weight, sizes);
      heap.count((B * rows * across * O * C * side ** 2) / groups);
      return { out: y, saved: { x, weight, ...attrs } };
    },
    vjp: (k, saved, dy) => groupedConv.vjp(withoutFusion(k, groupedConv), saved, dy),
  };
  return fuse(groupedConv, kernel);
};
