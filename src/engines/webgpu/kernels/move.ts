/** Elements moved and copied, and (by `fold`) added up where they meet. */
import type { Window } from "../../../kernels/kernels.ts";
import { windowGrid } from "../../../kernels/rules.ts";
import { axis, size, type Shape, type Tensor } from "../../../tensor/tensor.ts";
import type { MoveLoops } from "../../region.ts";
import { program, variants, type Launch, type Program, type Storage } from "../program.ts";
import type { Access } from "../run.ts";
import { each, EACH, fill } from "./elementwise.ts";

/** Axes that the kernel goes through. */
const AXES = 6;
const axesOf = (prefix: string): readonly string[] => Array.from({ length: AXES }, (_, d) => `${prefix}${d}`);

/** An array of these lengths, read and written in steps of its own along each axis. */
export interface Walk {
  readonly lengths: readonly number[];
  /** Where element 0 is read, and how far apart neighbours along each axis lie, in elements. */
  readonly from: number;
  readonly fromSteps: readonly number[];
  readonly to: number;
  readonly toSteps: readonly number[];
}

const alongAxis = (
  d: string,
): string => `  { let index = rest % p.length${d}; rest /= p.length${d}; at += index * p.fromStep${d}; to += index * p.toStep${d}; }
`;

const walkProgram = variants((storage: Storage): Program =>
  program({
    name: "walk",
    tensors: { out: "f32", a: storage },
    params: Object.fromEntries(
      ["n", "first", "onto", ...axesOf("length"), ...axesOf("fromStep"), ...axesOf("toStep")].map((name) => [name, "u32"]),
    ),
    workgroup: [256, 1, 1],
    main: `${EACH}  var rest = i;
  var at = p.first;
  var to = p.onto;
${axesOf("").toReversed().map(alongAxis).join("")}  store_out(to, load_a(at));`,
  }),
);

/** Neighbouring axes that are walked as one are one. */
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

/** The launches of a walk: one, but for arrays of very many axes, which are gone through from the first axis on. */
export function walks(walk: Walk, storage: Storage): readonly Launch[] {
  const { lengths, from, fromSteps, to, toSteps } = merged(walk);
  if (lengths.length <= AXES) {
    const n = size(lengths);
    const params = [n, from, to, ...filled(lengths, 1), ...filled(fromSteps, 0), ...filled(toSteps, 0)];
    return [{ program: walkProgram(storage), params, groups: each(n) }];
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
  ["n", "C", "H", "W", "rows", "columns", "kernel", "stride", "padding"].map((name) => [name, "u32" as const]),
);

/** A thread for each number of a window, outermost first: image, window, channel, row and column in the window. */
const unfoldProgram = variants((storage: Storage): Program =>
  program({
    name: "unfold",
    tensors: { out: "f32", images: storage },
    params: windowParams,
    workgroup: [256, 1, 1],
    main: `${EACH}  let s = i % p.kernel;
  let r = (i / p.kernel) % p.kernel;
  let c = (i / (p.kernel * p.kernel)) % p.C;
  let window = i / (p.kernel * p.kernel * p.C);
  let column = window % p.columns;
  let row = (window / p.columns) % p.rows;
  let image = window / (p.columns * p.rows);
  let y = row * p.stride + r;
  let x = column * p.stride + s;
  let inside = y >= p.padding && x >= p.padding && y < p.H + p.padding && x < p.W + p.padding;
  var pixel = 0.0;
  if (inside) { pixel = load_images(((image * p.C + c) * p.H + y - p.padding) * p.W + x - p.padding); }
  store_out(i, pixel);`,
  }),
);

/** A thread for each pixel: it finds the windows over it. */
const foldProgram = variants((storage: Storage): Program =>
  program({
    name: "fold",
    tensors: { out: "f32", windows: storage },
    params: windowParams,
    workgroup: [256, 1, 1],
    main: `${EACH}  let x = i % p.W + p.padding;
  let y = (i / p.W) % p.H + p.padding;
  let c = (i / (p.W * p.H)) % p.C;
  let image = i / (p.W * p.H * p.C);
  var sum = 0.0;
  for (var r = 0u; r < p.kernel; r++) {
    if (r > y || (y - r) % p.stride != 0u || (y - r) / p.stride >= p.rows) { continue; }
    for (var s = 0u; s < p.kernel; s++) {
      if (s > x || (x - s) % p.stride != 0u || (x - s) / p.stride >= p.columns) { continue; }
      let window = (image * p.rows + (y - r) / p.stride) * p.columns + (x - s) / p.stride;
      sum += load_windows(((window * p.C + c) * p.kernel + r) * p.kernel + s);
    }
  }
  store_out(i, sum);`,
  }),
);

function windowLaunch(made: Program, n: number, [, C = 0, H = 0, W = 0]: Shape, window: Window): Launch {
  const { kernel, stride, padding } = window;
  return { program: made, params: [n, C, H, W, ...windowGrid(H, W, window), kernel, stride, padding], groups: each(n) };
}

export function move({ run, storage }: Access): MoveLoops {
  const walked = (out: Tensor, a: Tensor, walk: Walk): void => {
    for (const launch of walks(walk, storage(a))) run(launch, out, a);
  };
  /** `a` as it is, to or from a part of axis i of the longer of two arrays. */
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
    unfold: (out, images, window) => run(windowLaunch(unfoldProgram(storage(images)), size(out.shape), images.shape, window), out, images),
    fold: (out, windows, window, shape) => run(windowLaunch(foldProgram(storage(windows)), size(out.shape), shape, window), out, windows),
  };
}
