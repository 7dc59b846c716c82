/**
 * The forward of grouped convolution; its VJP runs by the definition. On matrix units and on software adapters, where matrix multiplication is much
 * faster than other code, it is one for each image and group: of the image itself for a window of one pixel, else of its windows as columns
 * (windows.ts), which are made for as many images at a time as a cache may hold. Elsewhere it is one kernel that gathers the windows (conv.ts).
 */
import type { Fused } from "../../../kernels/kernels.ts";
import { windowGrid } from "../../../kernels/rules.ts";
import { fuse } from "../../../ops/observe.ts";
import { groupedConv } from "../../../teacher/conv.ts";
import { axis, type Tensor } from "../../../tensor/tensor.ts";
import type { HeapAccess } from "../../heap.ts";
import { matrixUnitsOf } from "../capabilities.ts";
import { convDispatch, type ConvSizes } from "../kernels/conv.ts";
import { matrixMultiplier } from "../kernels/gemm/multiply.ts";
import { windowsDispatch } from "../kernels/windows.ts";
import { activationBytes, type Access } from "../run.ts";
import { OFFSET_ALIGNMENT } from "../device/slabs.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

/** The windows made at a time take about this much, so that they are still in a cache when they are multiplied. */
const WINDOW_BYTES = 2 ** 26;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

type Convolve = (y: Tensor, x: Tensor, weight: Tensor, sizes: ConvSizes) => void;

function byGemm(access: Access, { take, address }: HeapAccess): Convolve {
  const { run, storage } = access;
  const multiply = matrixMultiplier(access);
  return (y, x, weight, sizes) => {
    const { images, channels, outputs, rows, across, groups, kernel, stride, padding } = sizes;
    const places = rows * across;
    const shape = {
      m: outputs / groups,
      n: places,
      k: (channels / groups) * kernel ** 2,
      ta: false,
      tb: false,
      shared: false,
      lefts: groups,
    };
    const operands = { a: weight, bias: null, scale: 1 };
    if (kernel === 1 && stride === 1 && padding === 0) return multiply(y, { ...operands, b: x }, { ...shape, batch: images * groups });

    const image = outputs * places * activationBytes(access, y.shape); // bytes of the result of an image
    const step = OFFSET_ALIGNMENT / gcd(OFFSET_ALIGNMENT, image); // images after whose results a binding may start
    const rowsOfU = channels * kernel ** 2;
    const bytes = activationBytes(access, [places]);
    const atOnce = Math.min(images, step * Math.max(1, Math.floor(WINDOW_BYTES / (step * rowsOfU * places * bytes))));
    const u = take([atOnce, rowsOfU, places], bytes);
    for (let first = 0; first < images; first += atOnce) {
      const count = Math.min(atOnce, images - first);
      run(windowsDispatch(sizes, first, count, storage(x), storage(u)), u, x);
      const slice = { address: address(y) + first * image, bytes: count * image, storage: storage(y) };
      multiply(slice, { ...operands, b: u }, { ...shape, batch: count * groups });
    }
  };
}

export const groupedConvKernel: FusedKernel = (access, heap) => {
  const { capabilities, precision, run, storage } = access;
  const usesGemm = capabilities.software || (precision === "f16" && matrixUnitsOf(capabilities, precision) !== null);
  const convolve: Convolve = usesGemm ? byGemm(access, heap) : (y, x, weight, sizes) => run(convDispatch(sizes, storage(x)), y, x, weight);
  const kernel: Fused<typeof groupedConv> = {
    name: groupedConv.name,
    forward: (_, { x, params: { weight } }, attrs) => {
      const { groups, stride, padding } = attrs;
      const [B = 0, C = 0, H = 0, W = 0] = x.shape;
      const [O, side] = [axis(weight.shape, 0), axis(weight.shape, -1)];
      const [rows, across] = windowGrid(H, W, { kernel: side, stride, padding });
      const y = usesGemm ? takeActivation(access, heap, [B, O, rows, across]) : heap.take([B, O, rows, across]);
      const sizes = { images: B, channels: C, height: H, width: W, outputs: O, rows, across, groups, kernel: side, stride, padding };
      convolve(y, x, weight, sizes);
      heap.count((B * rows * across * O * C * side ** 2) / groups);
      return { out: y, saved: { x, weight, ...attrs } };
    },
  };
  return fuse(groupedConv, kernel);
};
