/** Calls of ops with all tensors on the host and the expected output by plain loops, and the rows that use them. */
import { gapOfGradients, gapOfLeaves, scaleOf } from "../../check/close.ts";
import type { Draw } from "../../check/draw.ts";
import { evaluate, leavesOf, mapHost, upload, type Host, type Leaves } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { DrawnCall } from "../../check/laws/subject.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { DropoutAttrs } from "../../ops/dropout.ts";
import { withoutFusion } from "../../ops/observe.ts";
import type { Grads, Op, Result } from "../../ops/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { row } from "./row.ts";
import { taps } from "./taps.ts";

export interface HostCall<In, Attrs = void, Out = Tensor> {
  readonly inputs: Host<In>;
  readonly attrs: Host<Attrs>;
  /** The output, by loops that use no op and no kernel. */
  readonly expected: Host<Out>;
}

export type DrawHostCall<In, Attrs, Out> = (draw: Draw) => HostCall<In, Attrs, Out>;

/** The call in the form that the laws of `check/laws` take. */
export const drawn = <In, Attrs, Out>({ inputs, attrs, expected }: HostCall<In, Attrs, Out>): DrawnCall<In, Attrs, Out> => ({
  inputs,
  attrs: (k) => upload<Attrs>(k, attrs),
  expected,
});

/** The same, but in two of three cases with dropout, for which the loops give no expected output. */
export function withDropout<In, Attrs extends { readonly dropout: DropoutAttrs | null }, Out>(
  draw: Draw,
  call: HostCall<In, Attrs, Out>,
): DrawnCall<In, Attrs, Out> {
  const rate = draw.oneOf([0, 0.1, draw.real(0.2, 0.7)]);
  const dropout = { rate, key: draw.key() };
  return rate === 0 ? drawn(call) : { inputs: call.inputs, attrs: (k) => ({ ...upload<Attrs>(k, call.attrs), dropout }) };
}

/** Runs the forward of the call on an engine. */
export const forwardOf = <In, Saved, Attrs, Out>(
  k: Kernels,
  op: Op<In, Saved, Attrs, Out>,
  { inputs, attrs }: Pick<HostCall<In, Attrs, Out>, "inputs" | "attrs">,
): Result<Out, Saved> => op.forward(k, upload<In>(k, inputs), upload<Attrs>(k, attrs));

/** Runs the forward of the call, then the VJP with `dOut`. */
export function gradientsOf<In, Saved, Attrs, Out>(
  k: Kernels,
  op: Op<In, Saved, Attrs, Out>,
  call: Pick<HostCall<In, Attrs, Out>, "inputs" | "attrs">,
  dOut: Host<Grads<Out>>,
): Grads<In> {
  const { saved } = forwardOf(k, op, call);
  return op.vjp(k, saved, upload<Grads<Out>>(k, dOut));
}

/** A random cotangent for each tensor of the output. */
export function drawCotangent<Out>(draw: Draw, expected: Host<Out>): Host<Grads<Out>>;
export function drawCotangent(draw: Draw, expected: unknown): unknown {
  return mapHost(expected, ({ shape }) => draw.array(shape));
}

/** A row: the output of `op` equals that of the loops. Errors are relative to the output's own scale (claim.ts has a floor, and says why). */
export const outputRow = <In, Saved, Attrs, Out>(
  id: string,
  title: string,
  op: Op<In, Saved, Attrs, Out>,
  drawCall: DrawHostCall<In, Attrs, Out>,
): Row =>
  row(id, title, async (engine, draw) => {
    const call = drawCall(draw);
    return gapOfLeaves(await evaluate(engine, (k) => forwardOf(k, op, call).out), leavesOf(call.expected));
  });

/** A row: the intermediate results of `op` equal those of the loops. The op runs by its definition, because those of a fused kernel are not observable. */
export const tapRow = <In, Saved, Attrs, Out>(
  id: string,
  title: string,
  op: Op<In, Saved, Attrs, Out>,
  drawCall: DrawHostCall<In, Attrs, Out>,
  expected: (call: HostCall<In, Attrs, Out>) => Leaves,
): Row =>
  row(id, title, async (engine, draw) => {
    const call = drawCall(draw);
    const want = expected(call);
    return gapOfLeaves(await taps(engine, (k) => forwardOf(withoutFusion(k, op), op, call), [...want.keys()]), want);
  });

/** The VJP of an op by loops. */
export type VjpByLoops<In, Attrs, Out> = (inputs: Host<In>, attrs: Host<Attrs>, dOut: Host<Grads<Out>>) => Host<Grads<In>>;

/** A row: the gradients of `op` equal those of the loops. */
export const gradientRow = <In, Saved, Attrs, Out>(
  id: string,
  title: string,
  op: Op<In, Saved, Attrs, Out>,
  drawCall: DrawHostCall<In, Attrs, Out>,
  vjp: VjpByLoops<In, Attrs, Out>,
): Row =>
  row(id, title, async (engine, draw) => {
    const call = drawCall(draw);
    const dOut = drawCotangent<Out>(draw, call.expected);
    const expected = leavesOf(vjp(call.inputs, call.attrs, dOut));
    return gapOfGradients(await evaluate(engine, (k) => gradientsOf(k, op, call, dOut)), expected, scaleOf(leavesOf(dOut)), draw.precision);
  });
