/** Elements moved and copied, and (by `fold`) added up where they meet. */
import type { Window } from "../../kernels/kernels.ts";
import { windowGrid } from "../../kernels/rules.ts";
import { axis, size, type Shape } from "../../tensor/tensor.ts";
import type { MoveLoops } from "../region.ts";
import type { Access } from "./access.ts";
import { MOVED, rowsOf, type Deal } from "./deal.ts";

/** Axes that the permutation kernel goes through by itself. */
const AXES = 5;
const BYTES = 4;

/** How many outer indices an axis has around it, and how many elements one of its own indices has. */
const around = (shape: Shape, i: number): readonly [outer: number, inner: number] => [size(shape.slice(0, i)), size(shape.slice(i + 1))];

type Quintet = readonly [number, number, number, number, number];

/** The last five of a list, with `filler` in front if there are fewer. */
function quintet(list: readonly number[], filler: number): Quintet {
  const [a = filler, b = filler, c = filler, d = filler, e = filler] = [...Array.from({ length: AXES }, () => filler), ...list].slice(
    -AXES,
  );
  return [a, b, c, d, e];
}

type WindowKernelArguments = readonly [number, number, number, number, number, number, number, number, number];

/** Lengths and the window, as the kernels take them, of `images` images. */
function windowArguments([, C = 0, H = 0, W = 0]: Shape, window: Window, images: number): WindowKernelArguments {
  const { kernel, stride, padding } = window;
  return [images, C, H, W, ...windowGrid(H, W, window), kernel, stride, padding];
}

/** A permutation of axes of these lengths, a step along axis i being `steps[i]` elements in the input: from the first axis on, down to those that the kernel does. */
export function dealPermute(deal: Deal, to: number, from: number, lengths: readonly number[], steps: readonly number[]): void {
  const [length = 1, ...restLengths] = lengths;
  const [step = 0, ...restSteps] = steps;
  const inner = size(restLengths);
  if (length === 1 && lengths.length > 1) return dealPermute(deal, to, from, restLengths, restSteps);
  if (lengths.length <= AXES)
    return deal("permute", length, rowsOf(MOVED, inner), (i, count) => [
      to + i * inner * BYTES,
      from + i * step * BYTES,
      ...quintet([count, ...restLengths], 1),
      ...quintet(steps, 0),
    ]);
  for (let i = 0; i < length; i++) dealPermute(deal, to + i * inner * BYTES, from + i * step * BYTES, restLengths, restSteps);
}

export function move({ wasm, deal, at }: Access): MoveLoops {
  /** `count` runs; runs lie `outStep` and `inStep` elements apart. */
  const copyRuns = (to: number, from: number, count: number, length: number, outStep: number, inStep: number): void =>
    deal("copyRuns", count, rowsOf(MOVED, length), (r, runs) => [
      to + r * outStep * BYTES,
      from + r * inStep * BYTES,
      runs,
      length,
      outStep,
      inStep,
    ]);

  return {
    permute: (out, a, axes) => {
      const steps = axes.map((i) => size(a.shape.slice(i + 1)));
      dealPermute(deal, at(out), at(a), out.shape, steps);
    },
    slice: (out, a, i, start, end) => {
      const [outer, inner] = around(a.shape, i);
      const run = (end - start) * inner;
      copyRuns(at(out), at(a) + start * inner * BYTES, outer, run, run, axis(a.shape, i) * inner);
    },
    pad: (out, a, i, start, length) => {
      const [outer, inner] = around(a.shape, i);
      const run = axis(a.shape, i) * inner;
      wasm.clear(at(out), size(out.shape));
      copyRuns(at(out) + start * inner * BYTES, at(a), outer, run, length * inner, run);
    },
    concat: (out, parts, i) => {
      const [outer, inner] = around(out.shape, i);
      let start = 0;
      for (const part of parts) {
        const run = axis(part.shape, i) * inner;
        copyRuns(at(out) + start * BYTES, at(part), outer, run, axis(out.shape, i) * inner, run);
        start += run;
      }
    },
    expandLeading: (out, a, count) => copyRuns(at(out), at(a), count, size(a.shape), size(a.shape), 0),
    unfold: (out, images, window) => {
      const [to, from, B] = [at(out), at(images), axis(images.shape, 0)];
      const [windows, pixels] = [size(out.shape) / B, size(images.shape) / B];
      deal("unfold", B, rowsOf(MOVED, windows), (b, count) => [
        to + b * windows * BYTES,
        from + b * pixels * BYTES,
        ...windowArguments(images.shape, window, count),
      ]);
    },
    fold: (out, windows, window, shape) => {
      const [to, from, B] = [at(out), at(windows), axis(shape, 0)];
      const [pixels, inWindows] = [size(shape) / B, size(windows.shape) / B];
      deal("fold", B, rowsOf(MOVED, inWindows), (b, count) => [
        to + b * pixels * BYTES,
        from + b * inWindows * BYTES,
        ...windowArguments(shape, window, count),
      ]);
    },
  };
}
