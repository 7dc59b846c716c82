/** Kernels that copy elements to other places, and `fold`, which adds up those that meet. */
import type { Window } from "../../../kernels/kernels.ts";
import { windowGrid } from "../../../kernels/rules.ts";
import { axis, size, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import type { MoveLoops } from "../../region.ts";
import type { Storage } from "../accessors.ts";
import { memoized, type Dispatch, type Program } from "../program.ts";
import type { Access } from "../run.ts";
import { fill } from "./elementwise.ts";
import { elementDispatch, elementProgram } from "./perElement.ts";

/** Axes of one dispatch. */
const AXES = 6;
const axesOf = (prefix: string): readonly string[] => Array.from({ length: AXES }, (_, d) => `${prefix}${d}`);

/** A copy of an array: its lengths, and along each axis the distance between neighbours where it is read and where it is written. */
export interface Walk {
  readonly lengths: readonly number[];
  /** Index at which element 0 is read, and distances, in elements. */
  readonly from: number;
  readonly fromSteps: readonly number[];
  /** Index at which element 0 is written, and distances, in elements. */
  readonly to: number;
  readonly toSteps: readonly number[];
}

const alongAxis = (
  d: string,
): string => `  { let index = rest % p.length${d}; rest /= p.length${d}; at += index * p.fromStep${d}; to += index * p.toStep${d}; }
`;

const walkProgram = memoized((storage: Storage): Program =>
  elementProgram({
    name: "walk",
    tensors: { out: "f32", a: storage },
    params: Object.fromEntries(
      ["first", "onto", ...axesOf("length"), ...axesOf("fromStep"), ...axesOf("toStep")].map((name) => [name, "u32"]),
    ),
    main: (i) => `  var rest = ${i};
  var at = p.first;
  var to = p.onto;
${axesOf("").toReversed().map(alongAxis).join("")}  store_out(to, load_a(at));`,
  }),
);

/** The same walk with adjacent axes joined where their elements are evenly spaced on both sides. */
function merged({ lengths, fromSteps, toSteps, ...rest }: Walk): Walk {
  const axes: { length: number; from: number; to: number }[] = [];
  lengths.forEach((length, d) => {
    if (length === 1) return;
    const [from = 0, to = 0] = [fromSteps[d], toSteps[d]];
    const outer = axes.at(-1);
    if (outer !== undefined && outer.from === length * from && outer.to === length * to)
      Object.assign(outer, { length: outer.length * length, from, to });
    else axes.push({ length, from, to });
  });
  return { ...rest, lengths: axes.map((a) => a.length), fromSteps: axes.map((a) => a.from), toSteps: axes.map((a) => a.to) };
}

const filled = (list: readonly number[], filler: number): readonly number[] => [
  ...Array.from({ length: AXES - list.length }, () => filler),
  ...list,
];

/** The dispatches of a walk: one; or for an array with more than `AXES` axes, one for each index of its first axes. */
export function walks(walk: Walk, storage: Storage): readonly Dispatch[] {
  const { lengths, from, fromSteps, to, toSteps } = merged(walk);
  if (lengths.length <= AXES) {
    const params = [from, to, ...filled(lengths, 1), ...filled(fromSteps, 0), ...filled(toSteps, 0)];
    return [elementDispatch(walkProgram(storage), size(lengths), params)];
  }
  const [length = 1, ...restLengths] = lengths;
  const [fromStep = 0, ...restFrom] = fromSteps;
  const [toStep = 0, ...restTo] = toSteps;
  return Array.from({ length }, (_, i) =>
    walks({ lengths: restLengths, from: from + i * fromStep, fromSteps: restFrom, to: to + i * toStep, toSteps: restTo }, storage),
  ).flat();
}

/** Row-major steps, in elements. */
export const stepsOf = (shape: Shape): readonly number[] => shape.map((_, i) => size(shape.slice(i + 1)));

const windowParams = Object.fromEntries(
  ["C", "H", "W", "rows", "columns", "kernel", "stride", "padding"].map((name) => [name, "u32" as const]),
);

/** A thread for each number of a window. Axes, outermost first: image, window, channel, row and column in the window. */
const unfoldProgram = memoized((storage: Storage): Program =>
  elementProgram({
    name: "unfold",
    tensors: { out: "f32", images: storage },
    params: windowParams,
    main: (i) => `  let s = ${i} % p.kernel;
  let r = (${i} / p.kernel) % p.kernel;
  let c = (${i} / (p.kernel * p.kernel)) % p.C;
  let window = ${i} / (p.kernel * p.kernel * p.C);
  let column = window % p.columns;
  let row = (window / p.columns) % p.rows;
  let image = window / (p.columns * p.rows);
  let y = row * p.stride + r;
  let x = column * p.stride + s;
  let inside = y >= p.padding && x >= p.padding && y < p.H + p.padding && x < p.W + p.padding;
  var pixel = 0.0;
  if (inside) { pixel = load_images(((image * p.C + c) * p.H + y - p.padding) * p.W + x - p.padding); }
  store_out(${i}, pixel);`,
  }),
);

/** A thread for each pixel, which finds the windows that contain it. */
const foldProgram = memoized((storage: Storage): Program =>
  elementProgram({
    name: "fold",
    tensors: { out: "f32", windows: storage },
    params: windowParams,
    main: (i) => `  let x = ${i} % p.W + p.padding;
  let y = (${i} / p.W) % p.H + p.padding;
  let c = (${i} / (p.W * p.H)) % p.C;
  let image = ${i} / (p.W * p.H * p.C);
  var sum = 0.0;
  for (var r = 0u; r < p.kernel; r++) {
    if (r > y || (y - r) % p.stride != 0u || (y - r) / p.stride >= p.rows) { continue; }
    for (var s = 0u; s < p.kernel; s++) {
      if (s > x || (x - s) % p.stride != 0u || (x - s) / p.stride >= p.columns) { continue; }
      let window = (image * p.rows + (y - r) / p.stride) * p.columns + (x - s) / p.stride;
      sum += load_windows(((window * p.C + c) * p.kernel + r) * p.kernel + s);
    }
  }
  store_out(${i}, sum);`,
  }),
);

function windowDispatch(made: Program, n: number, [, C = 0, H = 0, W = 0]: Shape, window: Window): Dispatch {
  const { kernel, stride, padding } = window;
  return elementDispatch(made, n, [C, H, W, ...windowGrid(H, W, window), kernel, stride, padding]);
}

export function move({ run, storage }: Access): MoveLoops {
  const walked = (out: Tensor, a: Tensor, walk: Walk): void => {
    for (const dispatch of walks(walk, storage(a))) run(dispatch, out, a);
  };
  /** Copies `a` without permuting its axes; one of the two arrays may be a slice of the other along an axis. */
  const along = (out: Tensor, a: Tensor, lengths: Shape, part: { readonly from?: number; readonly to?: number }): void =>
    walked(out, a, { lengths, from: part.from ?? 0, fromSteps: stepsOf(a.shape), to: part.to ?? 0, toSteps: stepsOf(out.shape) });
  const inner = (shape: Shape, i: number): number => size(shape.slice(i + 1));

  return {
    permute: (out, a, axes) => {
      const steps = stepsOf(a.shape);
      walked(out, a, { lengths: out.shape, from: 0, fromSteps: axes.map((i) => steps[i] ?? 0), to: 0, toSteps: stepsOf(out.shape) });
    },
    slice: (out, a, i, start) => along(out, a, out.shape, { from: start * inner(a.shape, i) }),
    pad: (out, a, i, start) => {
      run(fill(size(out.shape), 0), out);
      along(out, a, a.shape, { to: start * inner(a.shape, i) });
    },
    concat: (out, parts, i) => {
      let start = 0;
      for (const part of parts) {
        along(out, part, part.shape, { to: start * inner(out.shape, i) });
        start += axis(part.shape, i);
      }
    },
    expandLeading: (out, a, count) =>
      walked(out, a, { lengths: [count, ...a.shape], from: 0, fromSteps: [0, ...stepsOf(a.shape)], to: 0, toSteps: stepsOf(out.shape) }),
    unfold: (out, images, window) =>
      run(windowDispatch(unfoldProgram(storage(images)), size(out.shape), images.shape, window), out, images),
    fold: (out, windows, window, shape) => run(windowDispatch(foldProgram(storage(windows)), size(out.shape), shape, window), out, windows),
  };
}
