/** A call of an op that lies wholly on the host, with its output by plain loops; and the kinds of rows that are made of it. */
import { gapOfGradients, gapOfLeaves, scaleOf } from "../../check/close.ts";
import type { Draw } from "../../check/draw.ts";
import { evaluate, leavesOf, mapHost, upload, type Host, type Leaves } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { DrawnCall } from "../../check/laws/subject.ts";
import { tolerances } from "../../check/tolerance.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { DropoutAttrs } from "../../ops/dropout.ts";
import { withoutFusion } from "../../ops/observe.ts";
import type { Grads, Op, Result } from "../../ops/op.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { taps } from "./taps.ts";

export interface HostCall<In, Attrs = void, Out = Tensor> {
  readonly inputs: Host<In>;
  readonly attrs: Host<Attrs>;
  /** The output, by loops that use no op and no kernel. */
  readonly expected: Host<Out>;
}

export type DrawHostCall<In, Attrs, Out> = (draw: Draw) => HostCall<In, Attrs, Out>;

/** As the laws of any op want it. */
export const drawn = <In, Attrs, Out>({ inputs, attrs, expected }: HostCall<In, Attrs, Out>): DrawnCall<In, Attrs, Out> => ({
  inputs,
  attrs: (k) => upload<Attrs>(k, attrs),
  expected,
});

/** The same, in two of three cases with dropout: then the loops have no output to compare with. */
export function withDropout<In, Attrs extends { readonly dropout: DropoutAttrs | null }, Out>(
  draw: Draw,
  call: HostCall<In, Attrs, Out>,
): DrawnCall<In, Attrs, Out> {
  const rate = draw.oneOf([0, 0.1, draw.real(0.2, 0.7)]);
  const dropout = { rate, key: draw.key() };
  return rate === 0 ? drawn(call) : { inputs: call.inputs, attrs: (k) => ({ ...upload<Attrs>(k, call.attrs), dropout }) };
}

/** The call on an engine. */
export const forwardOf = <In, Saved, Attrs, Out>(
  k: Kernels,
  op: Op<In, Saved, Attrs, Out>,
  { inputs, attrs }: Pick<HostCall<In, Attrs, Out>, "inputs" | "attrs">,
): Result<Out, Saved> => op.forward(k, upload<In>(k, inputs), upload<Attrs>(k, attrs));

/** Forward, then the pullback of `dOut`. */
export function gradientsOf<In, Saved, Attrs, Out>(
  k: Kernels,
  op: Op<In, Saved, Attrs, Out>,
  call: Pick<HostCall<In, Attrs, Out>, "inputs" | "attrs">,
  dOut: Host<Grads<Out>>,
): Grads<In> {
  const { saved } = forwardOf(k, op, call);
  return op.vjp(k, saved, upload<Grads<Out>>(k, dOut));
}

/** A cotangent for each tensor of an output like this one, drawn. */
export function drawCotangent<Out>(draw: Draw, expected: Host<Out>): Host<Grads<Out>>;
export function drawCotangent(draw: Draw, expected: unknown): unknown {
  return mapHost(expected, ({ shape }) => draw.array(shape));
}

/** A row held to the tolerance of equations. */
export const row = (id: string, title: string, error: Row["error"]): Row => ({ id, title, tolerance: tolerances.equation, error });

/** The output of `op` is what the loops say. */
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

/** What `op` computes on its way is what the loops say; by its definition, as a fused kernel has no way to look at. */
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

/** The gradients of an op for any cotangent, by loops. */
export type Pullback<In, Attrs, Out> = (inputs: Host<In>, attrs: Host<Attrs>, dOut: Host<Grads<Out>>) => Host<Grads<In>>;

/** The gradients of `op` are what the loops say. */
export const gradientRow = <In, Saved, Attrs, Out>(
  id: string,
  title: string,
  op: Op<In, Saved, Attrs, Out>,
  drawCall: DrawHostCall<In, Attrs, Out>,
  pullback: Pullback<In, Attrs, Out>,
): Row =>
  row(id, title, async (engine, draw) => {
    const call = drawCall(draw);
    const dOut = drawCotangent<Out>(draw, call.expected);
    const expected = leavesOf(pullback(call.inputs, call.attrs, dOut));
    return gapOfGradients(await evaluate(engine, (k) => gradientsOf(k, op, call, dOut)), expected, scaleOf(leavesOf(dOut)), draw.precision);
  });
