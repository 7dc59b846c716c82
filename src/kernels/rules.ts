/** The shape rule of each basis kernel: the same arguments, the result's shape. Every engine runs these before it computes. */
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
  throw new ShapeError(`${kernel}: ${show(a)} and ${show(b)} do not broadcast; a trailing shape or [..., 1] may be the smaller one`);
}

export interface ProductSizes {
  readonly shape: Shape;
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** One matrix b for the whole batch. */
  readonly shared: boolean;
}

/** Sizes of a · b, batched. */
export function product(a: Shape, b: Shape, { ta = false, tb = false }: Transpose = {}): ProductSizes {
  const [m, k] = ta ? [axis(a, -1), axis(a, -2)] : [axis(a, -2), axis(a, -1)];
  const [kOfB, n] = tb ? [axis(b, -1), axis(b, -2)] : [axis(b, -2), axis(b, -1)];
  const lead = a.slice(0, -2);
  const shared = b.length === 2;
  const batched = shared || (b.length === a.length && lead.every((length, i) => length === b[i]));
  if (a.length < 2 || b.length < 2 || k !== kOfB || !batched)
    throw new ShapeError(`matmul: ${show(a)}${ta ? "ᵀ" : ""} × ${show(b)}${tb ? "ᵀ" : ""} do not fit`);
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
  if (rows < 1 || columns < 1) throw new ShapeError(`${kernel}: a window of ${side} does not fit ${show(shape)} with padding ${padding}`);
  return [B, rows * columns, C * side * side];
}

function axisOf(kernel: string, { shape }: Tensor, i: number): number {
  const length = shape[i];
  if (length === undefined) throw new ShapeError(`${kernel}: ${show(shape)} has no axis ${i}`);
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
    if (shape.length === 0) throw new ShapeError(`${kernel}: a scalar has no last axis`);
    return replaced(shape, shape.length - 1, 1);
  };

function sameSize(kernel: string, shape: Shape, count: number): Shape {
  if (size(shape) !== count) throw new ShapeError(`${kernel}: ${show(shape)} has ${size(shape)} elements, got ${count}`);
  return Object.freeze([...shape]);
}

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
    if (shape !== other || (which !== shape && condition.shape.length > 0))
      throw new ShapeError(
        `where: both choices must be of one shape, and the condition of that shape or [], got ${which}, ${shape}, ${other}`,
      );
    return a.shape;
  },
  sumLast: lastToOne("sumLast"),
  meanLast: lastToOne("meanLast"),
  maxLast: lastToOne("maxLast"),
  sumLeading: ({ shape }, count) => {
    if (!(Number.isInteger(count) && count >= 0 && count <= shape.length))
      throw new ShapeError(`sumLeading: ${show(shape)} has no ${count} leading axes`);
    return shape.slice(count);
  },
  argmaxLast: (a) => lastToOne("argmaxLast")(a).slice(0, -1),
  oneHot: ({ shape }, classes) => [...shape, classes],
  matmul: (a, b, transpose) => product(a.shape, b.shape, transpose).shape,
  reshape: ({ shape }, to) => {
    if (size(shape) !== size(to)) throw new ShapeError(`reshape: ${show(shape)} has ${size(shape)} elements, ${show(to)} has ${size(to)}`);
    return to;
  },
  permute: (a, axes) => {
    if (axes.length !== a.shape.length || new Set(axes).size !== axes.length)
      throw new ShapeError(`permute: ${show(axes)} is no order of the axes of ${show(a.shape)}`);
    return axes.map((i) => axisOf("permute", a, i));
  },
  slice: (a, i, start, end) => {
    if (!(start >= 0 && start <= end && end <= axisOf("slice", a, i)))
      throw new ShapeError(`slice: ${start} … ${end} is outside axis ${i} of ${show(a.shape)}`);
    return replaced(a.shape, i, end - start);
  },
  pad: (a, i, start, length) => {
    if (!(start >= 0 && start + axisOf("pad", a, i) <= length))
      throw new ShapeError(`pad: axis ${i} of ${show(a.shape)} at ${start} does not fit ${length}`);
    return replaced(a.shape, i, length);
  },
  concat: (parts, i) => {
    const [first] = parts;
    if (first === undefined) throw new ShapeError("concat: no parts");
    for (const { shape } of parts)
      if (shape.length !== first.shape.length || shape.some((length, j) => j !== i && length !== first.shape[j]))
        throw new ShapeError(`concat: ${show(shape)} does not continue ${show(first.shape)} on axis ${i}`);
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
