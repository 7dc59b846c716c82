/**
 * The shape rule of each basis kernel: from the kernel's arguments to the shape of its result. Every engine runs the rule before it computes. Errors
 * name the argument and its axis, what is required, and what was given.
 */
import { ShapeError } from "../tensor/errors.ts";
import { axis, show, size, type Shape, type Tensor } from "../tensor/tensor.ts";
import type { Basis, Transpose, Window } from "./kernels.ts";

/** How the smaller operand of a binary kernel spreads over the larger. */
export type Spread = "same" | "trailing" | "last1";

function spreadOf(large: Shape, small: Shape): Spread | null {
  const lead = large.length - small.length;
  if (lead >= 0 && small.every((length, i) => length === large[lead + i])) return lead === 0 ? "same" : "trailing";
  if (lead === 0 && small.at(-1) === 1 && small.every((length, i) => i === small.length - 1 || length === large[i])) return "last1";
  return null;
}

/** Names the last axis of the smaller operand that differs from the larger one's. */
function misfit(kernel: string, a: Shape, b: Shape): ShapeError {
  const swapped = b.length > a.length || (b.length === a.length && size(b) > size(a));
  const [large, small] = swapped ? [b, a] : [a, b];
  const [largeName, smallName] = swapped ? ["b", "a"] : ["a", "b"];
  const lead = large.length - small.length;
  const one = lead === 0 && small.at(-1) === 1; // the form [..., 1], whose last axis fits
  const i = small.findLastIndex((length, j) => length !== large[lead + j] && !(one && j === small.length - 1));
  const wanted = `must be ${large[lead + i]}, as axis ${lead + i} of ${largeName} ${show(large)}, got ${show(small)}`;
  return new ShapeError(`${kernel}: axis ${i} of ${smallName} ${wanted} (a trailing shape or [..., 1] of the larger operand broadcasts)`);
}

/** The result's shape, and whether `b` (or, if `swapped`, `a`) is the operand that spreads. */
export function broadcast(
  kernel: string,
  a: Shape,
  b: Shape,
): { readonly shape: Shape; readonly spread: Spread; readonly swapped: boolean } {
  const spread = spreadOf(a, b);
  if (spread !== null) return { shape: a, spread, swapped: false };
  const other = spreadOf(b, a);
  if (other !== null) return { shape: b, spread: other, swapped: true };
  throw misfit(kernel, a, b);
}

/** The sizes of a batched matrix multiplication, [m, k] × [k, n] for each element of the batch. */
export interface MatmulSizes {
  /** The shape of the result. */
  readonly shape: Shape;
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** One matrix b for the whole batch. */
  readonly shared: boolean;
}

const atLeastMatrix = (name: string, shape: Shape): void => {
  if (shape.length < 2) throw new ShapeError(`matmul: ${name} must have at least 2 axes, [..., rows, columns], got ${show(shape)}`);
};

/** The sizes of the matrix multiplication of a and b. */
export function matmulSizes(a: Shape, b: Shape, { ta = false, tb = false }: Transpose = {}): MatmulSizes {
  atLeastMatrix("a", a);
  atLeastMatrix("b", b);
  const [m, k] = ta ? [axis(a, -1), axis(a, -2)] : [axis(a, -2), axis(a, -1)];
  const [kOfB, n] = tb ? [axis(b, -1), axis(b, -2)] : [axis(b, -2), axis(b, -1)];
  const lead = a.slice(0, -2);
  const shared = b.length === 2;
  if (!shared && !(b.length === a.length && lead.every((length, i) => length === b[i]))) {
    const wanted = show([...lead, ...b.slice(-2)]);
    throw new ShapeError(`matmul: b must be one matrix, or have the leading axes of a, ${wanted}, got ${show(a)} and ${show(b)}`);
  }
  if (k !== kOfB)
    throw new ShapeError(`matmul: axis ${tb ? -1 : -2} of b must be ${k}, as axis ${ta ? -2 : -1} of a, got ${show(a)} and ${show(b)}`);
  return { shape: [...lead, m, n], batch: size(lead), m, k, n, shared };
}

/** Rows and columns of windows that fit an image of `rows` × `columns` pixels. */
export function windowGrid(rows: number, columns: number, { kernel, stride, padding }: Window): readonly [number, number] {
  const count = (side: number): number => Math.floor((side + 2 * padding - kernel) / stride) + 1;
  return [count(rows), count(columns)];
}

function windowShape(kernel: string, shape: Shape, window: Window): Shape {
  const [B, C, H, W] = shape;
  const { kernel: side, stride, padding } = window;
  if (B === undefined || C === undefined || H === undefined || W === undefined || shape.length !== 4)
    throw new ShapeError(`${kernel}: images must be [B, C, H, W], got ${show(shape)}`);
  if (!(Number.isInteger(side) && side > 0 && Number.isInteger(stride) && stride > 0 && Number.isInteger(padding) && padding >= 0))
    throw new RangeError(`${kernel}: kernel and stride must be positive integers and padding ≥ 0, got ${side}, ${stride}, ${padding}`);
  const [rows, columns] = windowGrid(H, W, window);
  if (rows < 1 || columns < 1) {
    const i = rows < 1 ? 2 : 3;
    const room = `axis ${i} of the images ${show(shape)} with padding ${padding} on both sides`;
    throw new ShapeError(`${kernel}: the window must be at most ${(shape[i] ?? 0) + 2 * padding}, ${room}, got ${side}`);
  }
  return [B, rows * columns, C * side * side];
}

function axisOf(kernel: string, { shape }: Tensor, i: number): number {
  const length = shape[i];
  if (length === undefined)
    throw new ShapeError(
      `${kernel}: the axis must be an integer ≥ 0 and < ${shape.length}, the number of axes of ${show(shape)}, got ${i}`,
    );
  return length;
}

const replaced = (shape: Shape, i: number, length: number): Shape => shape.map((old, j) => (j === i ? length : old));

const binary =
  (kernel: string) =>
  (a: Tensor, b: Tensor): Shape =>
    broadcast(kernel, a.shape, b.shape).shape;
const unary = (a: Tensor): Shape => a.shape;

const lastToOne =
  (kernel: string) =>
  ({ shape }: Tensor): Shape => {
    if (shape.length === 0) throw new ShapeError(`${kernel}: a must have a last axis, got a scalar, []`);
    return replaced(shape, shape.length - 1, 1);
  };

function sameSize(kernel: string, shape: Shape, count: number): Shape {
  if (size(shape) !== count)
    throw new ShapeError(`${kernel}: data must have ${size(shape)} numbers, for the shape ${show(shape)}, got ${count}`);
  return Object.freeze([...shape]);
}

/** For each basis kernel, its shape rule. */
export type Rules = { readonly [K in keyof Basis]: (...args: Parameters<Basis[K]>) => Shape };

export const rules: Rules = {
  upload: (shape, data) => sameSize("upload", shape, data.length),
  zeros: (shape) => shape,
  uniform: (_, shape) => shape,
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  scale: unary,
  addScalar: unary,
  square: unary,
  sqrt: unary,
  rsqrt: unary,
  exp: unary,
  log: unary,
  normalCdf: unary,
  step: unary,
  isFinite: unary,
  where: (condition, a, b) => {
    const [which, shape, other] = [condition.shape, a.shape, b.shape].map(show);
    if (other !== shape) throw new ShapeError(`where: b must be ${shape}, the shape of a, got ${other}`);
    if (which !== shape && condition.shape.length > 0)
      throw new ShapeError(`where: the condition must be ${shape}, the shape of a and b, or a scalar, [], got ${which}`);
    return a.shape;
  },
  sumLast: lastToOne("sumLast"),
  meanLast: lastToOne("meanLast"),
  maxLast: lastToOne("maxLast"),
  sumLeading: ({ shape }, count) => {
    if (!(Number.isInteger(count) && count >= 0 && count <= shape.length))
      throw new ShapeError(
        `sumLeading: count must be an integer from 0 to ${shape.length}, the number of axes of ${show(shape)}, got ${count}`,
      );
    return shape.slice(count);
  },
  argmaxLast: (a) => lastToOne("argmaxLast")(a).slice(0, -1),
  oneHot: ({ shape }, classes) => [...shape, classes],
  matmul: (a, b, transpose) => matmulSizes(a.shape, b.shape, transpose).shape,
  reshape: ({ shape }, to) => {
    if (size(shape) !== size(to))
      throw new ShapeError(
        `reshape: the new shape must have ${size(shape)} elements, as ${show(shape)} has, got ${show(to)} with ${size(to)}`,
      );
    return to;
  },
  permute: (a, axes) => {
    if (axes.length !== a.shape.length || axes.some((i, at) => axes.indexOf(i) !== at))
      throw new ShapeError(
        `permute: axes must hold each axis of ${show(a.shape)} once, the numbers ${show([...a.shape.keys()])} in any order, got ${show(axes)}`,
      );
    return axes.map((i) => axisOf("permute", a, i));
  },
  slice: (a, i, start, end) => {
    const length = axisOf("slice", a, i);
    if (!(start >= 0 && start <= end && end <= length))
      throw new ShapeError(
        `slice: start and end must satisfy 0 ≤ start ≤ end ≤ ${length}, the length of axis ${i} of ${show(a.shape)}, got ${start} and ${end}`,
      );
    return replaced(a.shape, i, end - start);
  },
  pad: (a, i, start, length) => {
    const own = axisOf("pad", a, i);
    if (!(start >= 0 && start + own <= length))
      throw new ShapeError(
        `pad: start must be ≥ 0 and the length at least start + ${own}, for axis ${i} of ${show(a.shape)}, got start ${start} and length ${length}`,
      );
    return replaced(a.shape, i, length);
  },
  concat: (parts, i) => {
    const [first] = parts;
    if (first === undefined) throw new ShapeError("concat: there must be at least one part, got none");
    for (const [n, { shape }] of parts.entries()) {
      const j = shape.findIndex((length, j) => j !== i && length !== first.shape[j]);
      if (shape.length !== first.shape.length)
        throw new ShapeError(`concat: part ${n} must have ${first.shape.length} axes, as part 0 ${show(first.shape)}, got ${show(shape)}`);
      if (j !== -1)
        throw new ShapeError(
          `concat: axis ${j} of part ${n} must be ${first.shape[j]}, as in part 0 ${show(first.shape)}, got ${show(shape)}`,
        );
    }
    return replaced(
      first.shape,
      i,
      parts.reduce((sum, part) => sum + axisOf("concat", part, i), 0),
    );
  },
  expandLeading: ({ shape }, count) => [count, ...shape],
  unfold: ({ shape }, window) => windowShape("unfold", shape, window),
  fold: ({ shape }, window, to) => {
    const windows = windowShape("fold", to, window);
    if (show(windows) !== show(shape))
      throw new ShapeError(`fold: windows must be ${show(windows)} (from ${show(to)}), got ${show(shape)}`);
    return to;
  },
};
