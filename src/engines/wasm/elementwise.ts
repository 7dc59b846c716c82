/** Kernels that compute each element of the output by itself: they make, combine or map numbers. */
import { broadcast, type Spread } from "../../kernels/rules.ts";
import { axis, size, type Tensor } from "../../tensor/tensor.ts";
import { F32_BYTES } from "../heap.ts";
import type { ElementwiseLoops } from "../region.ts";
import type { Access } from "./access.ts";
import { COMPUTED_PER_CHUNK, MOVED_PER_CHUNK, rowsFor, type ParallelFor } from "./parallelFor.ts";

/** What an operand has for each row of the output, by its number in assembly/elementwise.ts: a row of its own, one row for all, or a number. */
const WHOLE = 0;
const ROW = 1;
const NUMBER = 2;

const kinds: { readonly [S in Spread]: number } = { same: WHOLE, trailing: ROW, last1: NUMBER };

type BinaryKernel = "add" | "sub" | "mul" | "div";
type UnaryKernel = "square" | "sqrt" | "rsqrt" | "step" | "isFinite" | "expEach" | "logEach" | "normalCdfEach";

/** Addresses of a binary kernel's output and operands, each seen as rows of n elements. */
interface RowOperands {
  readonly out: number;
  readonly a: number;
  readonly b: number;
  readonly rows: number;
  readonly n: number;
  readonly kindOfA: number;
  readonly kindOfB: number;
}

function binaryOnRows(parallelFor: ParallelFor, kernel: BinaryKernel, { out, a, b, rows, n, kindOfA, kindOfB }: RowOperands): void {
  const strides = [n, 0, 1]; // by kind: elements from the operand of one row to that of the next
  const stride = (kind: number): number => (strides[kind] ?? 0) * F32_BYTES;
  parallelFor(kernel, rows, rowsFor(MOVED_PER_CHUNK, n), (r, count) => {
    return [out + r * n * F32_BYTES, a + r * stride(kindOfA), b + r * stride(kindOfB), count, n, kindOfA, kindOfB];
  });
}

const binary =
  ({ parallelFor, at }: Access, kernel: BinaryKernel) =>
  (out: Tensor, a: Tensor, b: Tensor): void => {
    const { spread, swapped } = broadcast(kernel, a.shape, b.shape);
    const total = size(out.shape);
    if (total === 0) return;
    const [to, x, y] = [at(out), at(a), at(b)];
    if (spread === "same")
      return parallelFor(kernel, total, MOVED_PER_CHUNK, (i, n) => {
        return [to + i * F32_BYTES, x + i * F32_BYTES, y + i * F32_BYTES, 1, n, WHOLE, WHOLE];
      });
    const n = spread === "trailing" ? size((swapped ? a : b).shape) : axis(out.shape, -1);
    const [kindOfA, kindOfB] = swapped ? [kinds[spread], WHOLE] : [WHOLE, kinds[spread]];
    binaryOnRows(parallelFor, kernel, { out: to, a: x, b: y, rows: total / n, n, kindOfA, kindOfB });
  };

const unary =
  ({ parallelFor, at }: Access, kernel: UnaryKernel, minimumChunk: number) =>
  (out: Tensor, x: Tensor): void => {
    const [to, from] = [at(out), at(x)];
    parallelFor(kernel, size(x.shape), minimumChunk, (i, n) => [to + i * F32_BYTES, from + i * F32_BYTES, n]);
  };

const withScalar =
  ({ parallelFor, at }: Access, kernel: "scale" | "addScalar") =>
  (out: Tensor, x: Tensor, scalar: number): void => {
    const [to, from] = [at(out), at(x)];
    parallelFor(kernel, size(x.shape), MOVED_PER_CHUNK, (i, n) => [to + i * F32_BYTES, from + i * F32_BYTES, n, scalar]);
  };

const where =
  ({ parallelFor, at }: Access): ElementwiseLoops["where"] =>
  (out, condition, a, b) => {
    const [to, which, x, y] = [at(out), at(condition), at(a), at(b)];
    const [kind, stride] = condition.shape.length === 0 ? [NUMBER, 0] : [WHOLE, F32_BYTES];
    parallelFor("where", size(out.shape), MOVED_PER_CHUNK, (i, n) => {
      return [to + i * F32_BYTES, which + i * stride, x + i * F32_BYTES, y + i * F32_BYTES, n, kind];
    });
  };

export function elementwise(access: Access): ElementwiseLoops {
  const { wasm, at, view } = access;
  return {
    upload: (out, _, values) => view(out).set(values),
    zeros: (out) => wasm.clear(at(out), size(out.shape)),
    uniform: (out, { words }) => wasm.uniform(at(out), size(out.shape), ...words),
    add: binary(access, "add"),
    sub: binary(access, "sub"),
    mul: binary(access, "mul"),
    div: binary(access, "div"),
    scale: withScalar(access, "scale"),
    addScalar: withScalar(access, "addScalar"),
    square: unary(access, "square", MOVED_PER_CHUNK),
    sqrt: unary(access, "sqrt", MOVED_PER_CHUNK),
    rsqrt: unary(access, "rsqrt", MOVED_PER_CHUNK),
    exp: unary(access, "expEach", COMPUTED_PER_CHUNK),
    log: unary(access, "logEach", COMPUTED_PER_CHUNK),
    normalCdf: unary(access, "normalCdfEach", COMPUTED_PER_CHUNK),
    step: unary(access, "step", MOVED_PER_CHUNK),
    isFinite: unary(access, "isFinite", MOVED_PER_CHUNK),
    where: where(access),
  };
}
