/** Kernels that move and copy elements; `fold` also adds up those that meet. */
import type { Window } from "../../kernels/kernels.ts";
import { windowGrid } from "../../kernels/rules.ts";
import { axis, size, type Shape } from "../../tensor/tensor.ts";
import { F32_BYTES } from "../heap.ts";
import type { MoveLoops } from "../region.ts";
import type { Access } from "./access.ts";
import { MOVED_PER_CHUNK, rowsFor, type ParallelFor } from "./parallelFor.ts";

/** Axes that one call of the permutation kernel goes through. */
const AXES = 5;

/** How many outer indices surround an axis, and how many elements each index of the axis has. */
const around = (shape: Shape, i: number): readonly [outer: number, inner: number] => [size(shape.slice(0, i)), size(shape.slice(i + 1))];

type Quintet = readonly [number, number, number, number, number];

/** The last five of a list; a shorter list is filled up in front. */
function quintet(list: readonly number[], filler: number): Quintet {
  const fromEnd = (i: number): number => (i <= list.length ? (list[list.length - i] ?? filler) : filler);
  return [fromEnd(5), fromEnd(4), fromEnd(3), fromEnd(2), fromEnd(1)];
}

type WindowKernelArguments = readonly [number, number, number, number, number, number, number, number, number];

/** Lengths of `images` images and their windows, in the order of the kernels' parameters. */
function windowArguments([, C = 0, H = 0, W = 0]: Shape, window: Window, images: number): WindowKernelArguments {
  const { kernel, stride, padding } = window;
  return [images, C, H, W, ...windowGrid(H, W, window), kernel, stride, padding];
}

/**
 * Permutes axes: the output has axes of these `lengths`, and a step along its axis i is `steps[i]` elements in the input. Loops over leading axes
 * until as many are left as the kernel takes.
 */
export function parallelPermute(
  parallelFor: ParallelFor,
  to: number,
  from: number,
  lengths: readonly number[],
  steps: readonly number[],
): void {
  const [length = 1, ...restLengths] = lengths;
  const [step = 0, ...restSteps] = steps;
  const inner = size(restLengths);
  if (length === 1 && lengths.length > 1) return parallelPermute(parallelFor, to, from, restLengths, restSteps);
  if (lengths.length <= AXES)
    return parallelFor("permute", length, rowsFor(MOVED_PER_CHUNK, inner), (i, count) => [
      to + i * inner * F32_BYTES,
      from + i * step * F32_BYTES,
      ...quintet([count, ...restLengths], 1),
      ...quintet(steps, 0),
    ]);
  for (let i = 0; i < length; i++)
    parallelPermute(parallelFor, to + i * inner * F32_BYTES, from + i * step * F32_BYTES, restLengths, restSteps);
}

export function move({ wasm, parallelFor, at }: Access): MoveLoops {
  /** Copies `count` runs of `length` elements that start `outStep` and `inStep` elements apart. */
  const copyRuns = (to: number, from: number, count: number, length: number, outStep: number, inStep: number): void =>
    parallelFor("copyRuns", count, rowsFor(MOVED_PER_CHUNK, length), (r, runs) => {
      return [to + r * outStep * F32_BYTES, from + r * inStep * F32_BYTES, runs, length, outStep, inStep];
    });

  return {
    permute: (out, a, axes) => {
      const steps = axes.map((i) => size(a.shape.slice(i + 1)));
      parallelPermute(parallelFor, at(out), at(a), out.shape, steps);
    },
    slice: (out, a, i, start, end) => {
      const [outer, inner] = around(a.shape, i);
      const run = (end - start) * inner;
      copyRuns(at(out), at(a) + start * inner * F32_BYTES, outer, run, run, axis(a.shape, i) * inner);
    },
    pad: (out, a, i, start, length) => {
      const [outer, inner] = around(a.shape, i);
      const run = axis(a.shape, i) * inner;
      wasm.clear(at(out), size(out.shape));
      copyRuns(at(out) + start * inner * F32_BYTES, at(a), outer, run, length * inner, run);
    },
    concat: (out, parts, i) => {
      const [outer, inner] = around(out.shape, i);
      let start = 0;
      for (const part of parts) {
        const run = axis(part.shape, i) * inner;
        copyRuns(at(out) + start * F32_BYTES, at(part), outer, run, axis(out.shape, i) * inner, run);
        start += run;
      }
    },
    expandLeading: (out, a, count) => copyRuns(at(out), at(a), count, size(a.shape), size(a.shape), 0),
    unfold: (out, images, window) => {
      const [to, from, B] = [at(out), at(images), axis(images.shape, 0)];
      const [windows, pixels] = [size(out.shape) / B, size(images.shape) / B];
      parallelFor("unfold", B, rowsFor(MOVED_PER_CHUNK, windows), (b, count) => {
        return [to + b * windows * F32_BYTES, from + b * pixels * F32_BYTES, ...windowArguments(images.shape, window, count)];
      });
    },
    fold: (out, windows, window, shape) => {
      const [to, from, B] = [at(out), at(windows), axis(shape, 0)];
      const [pixels, inWindows] = [size(shape) / B, size(windows.shape) / B];
      parallelFor("fold", B, rowsFor(MOVED_PER_CHUNK, inWindows), (b, count) => {
        return [to + b * pixels * F32_BYTES, from + b * inWindows * F32_BYTES, ...windowArguments(shape, window, count)];
      });
    },
  };
}
