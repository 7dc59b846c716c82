/** Elements moved and copied, and (by `fold`) added up where they meet. */
import type { Window } from "../../kernels/kernels.ts";
import { windowGrid } from "../../kernels/rules.ts";
import { axis, size, type Shape, type Tensor } from "../../tensor/tensor.ts";
import type { MoveLoops } from "../region.ts";
import type { Access } from "./access.ts";

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

/** Lengths and the window, as the kernels take them. */
function windowArguments(
  [B = 0, C = 0, H = 0, W = 0]: Shape,
  window: Window,
): [number, number, number, number, number, number, number, number, number] {
  const { kernel, stride, padding } = window;
  return [B, C, H, W, ...windowGrid(H, W, window), kernel, stride, padding];
}

export function move({ wasm, at }: Access): MoveLoops {
  /** The axes from the first on, down to those that the kernel does. */
  const permute = (to: number, from: number, lengths: readonly number[], steps: readonly number[]): void => {
    const [length = 0, ...restLengths] = lengths;
    const [step = 0, ...restSteps] = steps;
    if (lengths.length <= AXES) return wasm.permute(to, from, ...quintet(lengths, 1), ...quintet(steps, 0));
    for (let i = 0; i < length; i++) permute(to + i * size(restLengths) * BYTES, from + i * step * BYTES, restLengths, restSteps);
  };

  return {
    permute: (out, a, axes) => {
      const steps = axes.map((i) => size(a.shape.slice(i + 1)));
      permute(at(out), at(a), out.shape, steps);
    },
    slice: (out, a, i, start, end) => {
      const [outer, inner] = around(a.shape, i);
      const run = (end - start) * inner;
      wasm.copyRuns(at(out), at(a) + start * inner * BYTES, outer, run, run, axis(a.shape, i) * inner);
    },
    pad: (out, a, i, start, length) => {
      const [outer, inner] = around(a.shape, i);
      const run = axis(a.shape, i) * inner;
      wasm.clear(at(out), size(out.shape));
      wasm.copyRuns(at(out) + start * inner * BYTES, at(a), outer, run, length * inner, run);
    },
    concat: (out, parts, i) => {
      const [outer, inner] = around(out.shape, i);
      let start = 0;
      for (const part of parts) {
        const run = axis(part.shape, i) * inner;
        wasm.copyRuns(at(out) + start * BYTES, at(part), outer, run, axis(out.shape, i) * inner, run);
        start += run;
      }
    },
    expandLeading: (out, a, count) => wasm.copyRuns(at(out), at(a), count, size(a.shape), size(a.shape), 0),
    unfold: (out: Tensor, images: Tensor, window) => wasm.unfold(at(out), at(images), ...windowArguments(images.shape, window)),
    fold: (out, windows, window, shape) => wasm.fold(at(out), at(windows), ...windowArguments(shape, window)),
  };
}
