/** Kernels that move and copy elements; `fold` also adds up those that meet. */
import { windowGrid } from "../../kernels/rules.ts";
import type { Window } from "../../kernels/kernels.ts";
import { axis, size, type Shape } from "../../tensor/tensor.ts";
import type { MoveLoops } from "../region.ts";
import type { Data } from "./data.ts";

/** A shape seen from axis i: how many outer indices surround it, its length, and how many elements each of its indices has. */
const around = (shape: Shape, i: number): readonly [number, number, number] => [
  size(shape.slice(0, i)),
  axis(shape, i),
  size(shape.slice(i + 1)),
];

/** Row-major strides, in elements. */
const stridesOf = (shape: Shape): readonly number[] => shape.map((_, i) => size(shape.slice(i + 1)));

/** Calls `visit` with the positions in the windows and in the image of every window element inside the image [B, C, H, W]. */
function eachWindowElement([B = 0, C = 0, H = 0, W = 0]: Shape, window: Window, visit: (inWindows: number, inImage: number) => void): void {
  const { kernel, stride, padding } = window;
  const [rows, columns] = windowGrid(H, W, window);
  let at = 0;
  for (let b = 0; b < B; b++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let c = 0; c < C; c++)
          for (let r = 0; r < kernel; r++)
            for (let s = 0; s < kernel; s++, at++) {
              const [y, x] = [i * stride + r - padding, j * stride + s - padding];
              if (y >= 0 && y < H && x >= 0 && x < W) visit(at, ((b * C + c) * H + y) * W + x);
            }
}

export function move(data: Data): MoveLoops {
  return {
    permute: (out, a, axes) => {
      const [o, x] = [data(out), data(a)];
      const strides = stridesOf(a.shape);
      const steps = axes.map((i) => strides[i]!);
      const index = out.shape.map(() => 0);
      let from = 0;
      for (let to = 0; to < o.length; to++) {
        o[to] = x[from]!;
        for (let i = index.length - 1; i >= 0; i--) {
          index[i]!++;
          from += steps[i]!;
          if (index[i]! < out.shape[i]!) break;
          from -= steps[i]! * index[i]!;
          index[i] = 0;
        }
      }
    },
    slice: (out, a, i, start, end) => {
      const [o, x, [outer, length, inner]] = [data(out), data(a), around(a.shape, i)];
      const run = (end - start) * inner;
      for (let n = 0; n < outer; n++) o.set(x.subarray((n * length + start) * inner, (n * length + end) * inner), n * run);
    },
    pad: (out, a, i, start, length) => {
      const [o, x, [outer, own, inner]] = [data(out), data(a), around(a.shape, i)];
      o.fill(0);
      for (let n = 0; n < outer; n++) o.set(x.subarray(n * own * inner, (n + 1) * own * inner), (n * length + start) * inner);
    },
    concat: (out, parts, i) => {
      const [o, [, total]] = [data(out), around(out.shape, i)];
      let start = 0;
      for (const part of parts) {
        const [x, [outer, own, inner]] = [data(part), around(part.shape, i)];
        for (let n = 0; n < outer; n++) o.set(x.subarray(n * own * inner, (n + 1) * own * inner), (n * total + start) * inner);
        start += own;
      }
    },
    expandLeading: (out, a, count) => {
      const [o, x] = [data(out), data(a)];
      for (let n = 0; n < count; n++) o.set(x, n * x.length);
    },
    unfold: (out, images, window) => {
      const [o, x] = [data(out), data(images)];
      o.fill(0);
      eachWindowElement(images.shape, window, (inWindows, inImage) => {
        o[inWindows] = x[inImage]!;
      });
    },
    fold: (out, windows, window, shape) => {
      const [o, x] = [data(out), data(windows)];
      o.fill(0);
      eachWindowElement(shape, window, (inWindows, inImage) => {
        o[inImage]! += x[inWindows]!;
      });
    },
  };
}
