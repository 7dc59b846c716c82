/** The basis kernels with a tape: each call computes as before and notes its vector–Jacobian product, from which autodiff.ts makes gradients. */
import type { Basis, Kernels, Transpose } from "../../kernels/kernels.ts";
import { axis, size, type Shape, type Tensor } from "../../tensor/tensor.ts";

/** The cotangents that a call sends to its inputs, given the cotangent of its result. */
type CallVjp = (d: Tensor) => readonly (readonly [input: Tensor, cotangent: Tensor])[];

/** One call on the tape. */
export interface TapeEntry {
  readonly out: Tensor;
  readonly vjp: CallVjp;
}

/** Writes a call on the tape; gives its result back. */
type Write = (out: Tensor, vjp: CallVjp) => Tensor;

/** A kernel of one tensor and some numbers, with the cotangent of that tensor. */
const unary =
  <Rest extends readonly unknown[]>(
    write: Write,
    kernel: (a: Tensor, ...rest: Rest) => Tensor,
    cotangent: (d: Tensor, at: { readonly a: Tensor; readonly out: Tensor }, ...rest: Rest) => Tensor,
  ) =>
  (a: Tensor, ...rest: Rest): Tensor => {
    const out = kernel(a, ...rest);
    return write(out, (d) => [[a, cotangent(d, { a, out }, ...rest)]]);
  };

/** The cotangent of an operand that was broadcast: d summed over the copies. */
function summedTo(k: Kernels, d: Tensor, shape: Shape): Tensor {
  if (size(shape) === size(d.shape)) return k.reshape(d, shape);
  if (shape.length === d.shape.length) return k.sumLast(d); // [..., 1] was broadcast to [..., D]
  return k.sumLeading(d, d.shape.length - shape.length);
}

/** Kernels that work element by element, or draw elements. */
function elementwise(k: Kernels, write: Write) {
  type Pair = { readonly a: Tensor; readonly b: Tensor; readonly out: Tensor };
  /** A kernel of two tensors that broadcast, with the cotangents of both before they are summed over copies. */
  const binary =
    (kernel: (a: Tensor, b: Tensor) => Tensor, da: (d: Tensor, at: Pair) => Tensor, db: (d: Tensor, at: Pair) => Tensor) =>
    (a: Tensor, b: Tensor): Tensor => {
      const out = kernel(a, b);
      return write(out, (d) => [
        [a, summedTo(k, da(d, { a, b, out }), a.shape)],
        [b, summedTo(k, db(d, { a, b, out }), b.shape)],
      ]);
    };
  const same = (d: Tensor): Tensor => d;
  return {
    add: binary(k.add, same, same),
    sub: binary(k.sub, same, (d) => k.scale(d, -1)),
    mul: binary(
      k.mul,
      (d, { b }) => k.mul(d, b),
      (d, { a }) => k.mul(d, a),
    ),
    div: binary(
      k.div,
      (d, { b }) => k.div(d, b),
      (d, { b, out }) => k.scale(k.div(k.mul(d, out), b), -1),
    ),
    scale: unary(write, k.scale, (d, _, factor) => k.scale(d, factor)),
    addScalar: unary(write, k.addScalar, same),
    square: unary(write, k.square, (d, { a }) => k.scale(k.mul(d, a), 2)),
    sqrt: unary(write, k.sqrt, (d, { out }) => k.scale(k.div(d, out), 0.5)),
    rsqrt: unary(write, k.rsqrt, (d, { out }) => k.scale(k.mul(d, k.mul(out, k.square(out))), -0.5)),
    exp: unary(write, k.exp, (d, { out }) => k.mul(d, out)),
    log: unary(write, k.log, (d, { a }) => k.div(d, a)),
    // φ of (G11)
    normalCdf: unary(write, k.normalCdf, (d, { a }) => k.mul(d, k.scale(k.exp(k.scale(k.square(a), -1 / 2)), 1 / Math.sqrt(2 * Math.PI)))),
    where: (condition: Tensor, a: Tensor, b: Tensor): Tensor =>
      write(k.where(condition, a, b), (d) => {
        const none = k.zeros(d.shape);
        return [
          [a, k.where(condition, d, none)],
          [b, k.where(condition, none, d)],
        ];
      }),
  } satisfies Partial<Basis>;
}

/** Sums and maxima. */
function reductions(k: Kernels, write: Write) {
  const spread = (d: Tensor, a: Tensor): Tensor => k.add(k.zeros(a.shape), d);
  return {
    sumLast: unary(write, k.sumLast, (d, { a }) => spread(d, a)),
    meanLast: unary(write, k.meanLast, (d, { a }) => spread(k.scale(d, 1 / axis(a.shape, -1)), a)),
    maxLast: unary(write, k.maxLast, (d, { a }) => k.mul(k.oneHot(k.argmaxLast(a), axis(a.shape, -1)), d)),
    sumLeading: unary(write, k.sumLeading, (d, { a }) => spread(d, a)),
  } satisfies Partial<Basis>;
}

/** The cotangents of both factors of a · b, either of which may be transposed; those of a matrix b that the batch shares are summed over the batch. */
function matmulVjp(k: Kernels, a: Tensor, b: Tensor, { ta = false, tb = false }: Transpose, d: Tensor): [Tensor, Tensor] {
  const da = ta ? k.matmul(b, d, { ta: tb, tb: true }) : k.matmul(d, b, { tb: !tb });
  const db = tb ? k.matmul(d, a, { ta: true, tb: ta }) : k.matmul(a, d, { ta: !ta });
  return [da, db.shape.length > b.shape.length ? k.sumLeading(db, db.shape.length - b.shape.length) : db];
}

/** Kernels that move elements; the VJP moves them back. */
function rearrangements(k: Kernels, write: Write) {
  const inverse = (axes: readonly number[]): readonly number[] => axes.map((_, i) => axes.indexOf(i));
  return {
    reshape: unary(write, k.reshape, (d, { a }) => k.reshape(d, a.shape)),
    permute: unary(write, k.permute, (d, _, axes) => k.permute(d, inverse(axes))),
    slice: unary(write, k.slice, (d, { a }, at, start) => k.pad(d, at, start, axis(a.shape, at))),
    pad: unary(write, k.pad, (d, { a }, at, start) => k.slice(d, at, start, start + axis(a.shape, at))),
    concat: (parts: readonly Tensor[], at: number): Tensor =>
      write(k.concat(parts, at), (d) => {
        const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, { shape }) => sum + axis(shape, at), 0));
        return parts.map((part, i) => [part, k.slice(d, at, starts[i] ?? 0, (starts[i] ?? 0) + axis(part.shape, at))]);
      }),
    expandLeading: unary(write, k.expandLeading, (d) => k.sumLeading(d, 1)),
    unfold: unary(write, k.unfold, (d, { a }, window) => k.fold(d, window, a.shape)),
    fold: unary(write, k.fold, (d, _, window) => k.unfold(d, window)),
  } satisfies Partial<Basis>;
}

/** k's basis kernels; every call whose result depends smoothly on a tensor is written on the tape. */
export function tapedKernels(k: Kernels, tape: TapeEntry[]): Basis {
  const write: Write = (out, vjp) => {
    tape.push({ out, vjp });
    return out;
  };
  const { upload, zeros, uniform, step, isFinite, argmaxLast, oneHot } = k; // constants: they pass no cotangent on
  return {
    upload,
    zeros,
    uniform,
    step,
    isFinite,
    argmaxLast,
    oneHot,
    ...elementwise(k, write),
    ...reductions(k, write),
    ...rearrangements(k, write),
    matmul: (a, b, transpose = {}) =>
      write(k.matmul(a, b, transpose), (d) => {
        const [da, db] = matmulVjp(k, a, b, transpose, d);
        return [
          [a, da],
          [b, db],
        ];
      }),
  };
}
