/**
 * The pullback of any function that is written in basis kernels: each call is noted with its own derivative, and the notes are read backwards
 * (reverse-mode differentiation, Griewank and Walther 2008, chapter 3).
 *
 * The network's own gradients are written by hand. Those of its wrong forms are not: of a wrong formula there is only the formula, and what a program
 * with automatic differentiation makes of it is this.
 */
import type { Basis, Kernels, Transpose } from "../../kernels/kernels.ts";
import { unfused } from "../../ops/observe.ts";
import { axis, size, type Shape, type Tensor } from "../../tensor/tensor.ts";

/** What one call's result hands back to its inputs: pairs of an input and its share of the cotangent. */
type Pullback = (d: Tensor) => readonly (readonly [input: Tensor, cotangent: Tensor])[];

interface Note {
  readonly out: Tensor;
  readonly pullback: Pullback;
}

/** d with the shape of an operand that was spread over it: the sum over the copies. */
function gathered(k: Kernels, d: Tensor, shape: Shape): Tensor {
  if (size(shape) === size(d.shape)) return k.reshape(d, shape);
  if (shape.length === d.shape.length) return k.sumLast(d); // [..., 1] was spread over [..., D]
  return k.sumLeading(d, d.shape.length - shape.length);
}

/** The cotangents of both factors of a · b, where aᵀ or bᵀ may be meant; a matrix b that the batch shares is summed over it. */
function ofProduct(k: Kernels, a: Tensor, b: Tensor, { ta = false, tb = false }: Transpose, d: Tensor): [Tensor, Tensor] {
  const da = ta ? k.matmul(b, d, { ta: tb, tb: true }) : k.matmul(d, b, { tb: !tb });
  const db = tb ? k.matmul(d, a, { ta: true, tb: ta }) : k.matmul(a, d, { ta: !ta });
  return [da, db.shape.length > b.shape.length ? k.sumLeading(db, db.shape.length - b.shape.length) : db];
}

/** k's basis kernels, each of which notes what it did. */
function noting(k: Kernels, notes: Note[]): Basis {
  const note = (out: Tensor, pullback: Pullback): Tensor => {
    notes.push({ out, pullback });
    return out;
  };
  const constant = (out: Tensor): Tensor => out;
  const like = (a: Tensor, d: Tensor): Tensor => gathered(k, d, a.shape);
  return {
    upload: (shape, data) => constant(k.upload(shape, data)),
    zeros: (shape) => constant(k.zeros(shape)),
    uniform: (key, shape) => constant(k.uniform(key, shape)),

    add: (a, b) =>
      note(k.add(a, b), (d) => [
        [a, like(a, d)],
        [b, like(b, d)],
      ]),
    sub: (a, b) =>
      note(k.sub(a, b), (d) => [
        [a, like(a, d)],
        [b, like(b, k.scale(d, -1))],
      ]),
    mul: (a, b) =>
      note(k.mul(a, b), (d) => [
        [a, like(a, k.mul(d, b))],
        [b, like(b, k.mul(d, a))],
      ]),
    div: (a, b) => {
      const out = k.div(a, b);
      return note(out, (d) => [
        [a, like(a, k.div(d, b))],
        [b, like(b, k.scale(k.div(k.mul(d, out), b), -1))],
      ]);
    },
    scale: (a, factor) => note(k.scale(a, factor), (d) => [[a, k.scale(d, factor)]]),
    addScalar: (a, term) => note(k.addScalar(a, term), (d) => [[a, d]]),

    square: (a) => note(k.square(a), (d) => [[a, k.scale(k.mul(d, a), 2)]]),
    sqrt: (a) => {
      const out = k.sqrt(a);
      return note(out, (d) => [[a, k.scale(k.div(d, out), 0.5)]]);
    },
    rsqrt: (a) => {
      const out = k.rsqrt(a);
      return note(out, (d) => [[a, k.scale(k.mul(d, k.mul(out, k.square(out))), -0.5)]]);
    },
    exp: (a) => {
      const out = k.exp(a);
      return note(out, (d) => [[a, k.mul(d, out)]]);
    },
    log: (a) => note(k.log(a), (d) => [[a, k.div(d, a)]]),
    normalCdf: (a) =>
      note(k.normalCdf(a), (d) => [[a, k.mul(d, k.scale(k.exp(k.scale(k.square(a), -1 / 2)), 1 / Math.sqrt(2 * Math.PI)))]]), // φ of (G11)
    step: (a) => constant(k.step(a)),
    isFinite: (a) => constant(k.isFinite(a)),
    where: (condition, a, b) =>
      note(k.where(condition, a, b), (d) => {
        const none = k.zeros(d.shape);
        return [
          [a, k.where(condition, d, none)],
          [b, k.where(condition, none, d)],
        ];
      }),

    sumLast: (a) => note(k.sumLast(a), (d) => [[a, k.add(k.zeros(a.shape), d)]]),
    meanLast: (a) => note(k.meanLast(a), (d) => [[a, k.add(k.zeros(a.shape), k.scale(d, 1 / axis(a.shape, -1)))]]),
    maxLast: (a) => note(k.maxLast(a), (d) => [[a, k.mul(k.oneHot(k.argmaxLast(a), axis(a.shape, -1)), d)]]),
    sumLeading: (a, count) => note(k.sumLeading(a, count), (d) => [[a, k.add(k.zeros(a.shape), d)]]),
    argmaxLast: (a) => constant(k.argmaxLast(a)),
    oneHot: (labels, classes) => constant(k.oneHot(labels, classes)),

    matmul: (a, b, transpose = {}) =>
      note(k.matmul(a, b, transpose), (d) => {
        const [da, db] = ofProduct(k, a, b, transpose, d);
        return [
          [a, da],
          [b, db],
        ];
      }),

    reshape: (a, shape) => note(k.reshape(a, shape), (d) => [[a, k.reshape(d, a.shape)]]),
    permute: (a, axes) =>
      note(k.permute(a, axes), (d) => [
        [
          a,
          k.permute(
            d,
            axes.map((_, i) => axes.indexOf(i)),
          ),
        ],
      ]),
    slice: (a, at, start, end) => note(k.slice(a, at, start, end), (d) => [[a, k.pad(d, at, start, axis(a.shape, at))]]),
    pad: (a, at, start, length) => note(k.pad(a, at, start, length), (d) => [[a, k.slice(d, at, start, start + axis(a.shape, at))]]),
    concat: (parts, at) =>
      note(k.concat(parts, at), (d) => {
        const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, { shape }) => sum + axis(shape, at), 0));
        return parts.map((part, i) => [part, k.slice(d, at, starts[i] ?? 0, (starts[i] ?? 0) + axis(part.shape, at))]);
      }),
    expandLeading: (a, count) => note(k.expandLeading(a, count), (d) => [[a, k.sumLeading(d, 1)]]),
    unfold: (images, window) => note(k.unfold(images, window), (d) => [[images, k.fold(d, window, images.shape)]]),
    fold: (windows, window, shape) => note(k.fold(windows, window, shape), (d) => [[windows, k.unfold(d, window)]]),
  };
}

/** The kernels of `basis` with k's settings, where ops free nothing: what was noted is needed again. */
function keepingAll(k: Kernels, basis: Basis): Kernels {
  return {
    ...basis,
    scope: k.scope,
    within: (change) => keepingAll(k.within(change), basis),
    at: (label) => keepingAll(k.at(label), basis),
    last: () => keepingAll(k, basis),
    region: (_, f) => f(),
    capturable: (_, __, f) => f(),
    donate: () => undefined,
  };
}

/**
 * The cotangents of `inputs` under f, given that of its result; zeros for an input that f does not read.
 *
 * @param f in basis kernels, or in ops that are defined by them
 */
export function pulledThrough(k: Kernels, f: (k: Kernels) => Tensor, inputs: readonly Tensor[], dOut: Tensor): readonly Tensor[] {
  const notes: Note[] = [];
  const out = f(keepingAll(unfused(k), noting(k, notes)));
  const cotangents = new Map<Tensor, Tensor>();
  const add = (t: Tensor, d: Tensor): void => {
    const before = cotangents.get(t);
    cotangents.set(t, before === undefined ? d : k.add(before, d));
  };
  add(out, dOut);
  for (const { out: result, pullback } of notes.toReversed()) {
    const d = cotangents.get(result);
    if (d !== undefined) for (const [input, share] of pullback(d)) add(input, share);
  }
  return inputs.map((input) => cotangents.get(input) ?? k.zeros(input.shape));
}
