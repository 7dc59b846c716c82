/** Claims: what an engine computes equals what plain loops compute; and rows that consist of claims. */
import { gapOfLeaves } from "../../check/close.ts";
import type { Draw } from "../../check/draw.ts";
import { evaluate, leavesOf, type Host } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { ToleranceName } from "../../check/tolerance.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Grads, Op } from "../../ops/op.ts";
import { forwardOf, gradientsOf, type HostCall } from "./hostCall.ts";
import { row } from "./row.ts";

/**
 * The claim that `actual`, a tensor or a tree of tensors, equals `expected`, the same tree by loops; or, in an identity, `equals`, another tree on
 * the engine.
 */
export type Claim = {
  readonly actual: (k: Kernels) => unknown;
  /** The size of the terms whose sums may cancel; default 1. Errors are relative to no less than this. */
  readonly terms?: number;
} & ({ readonly expected: unknown } | { readonly equals: (k: Kernels) => unknown });

/**
 * The floor of errors in claims; the rows of hostCall.ts have none. Claims are mostly about losses and their gradients, in which probabilities and
 * logits of order 1 may cancel to almost 0 and leave their rounding errors: without the floor, G6, G21, identity/shift-invariance and
 * identity/large-temperature fail in f32. The outputs and taps of the rows in hostCall.ts do not cancel, so that they need no floor.
 */
const UNIT = 1;

/** The largest error of the claims. */
export async function errorOf(engine: Engine, claims: readonly Claim[]): Promise<number> {
  let worst = 0;
  for (const claim of claims) {
    const expected = "equals" in claim ? await evaluate(engine, claim.equals) : leavesOf(claim.expected);
    worst = Math.max(worst, gapOfLeaves(await evaluate(engine, claim.actual), expected, claim.terms ?? UNIT));
  }
  return worst;
}

/** A row that holds if all its claims hold. */
export const claimsRow = (id: string, title: string, claims: (draw: Draw) => readonly Claim[], tolerance?: ToleranceName): Row =>
  row(id, title, (engine, draw) => errorOf(engine, claims(draw)), tolerance);

/** The claim that the forward of `op` gives the call's expected output. */
export const forwardClaim = <In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>, call: HostCall<In, Attrs, Out>): Claim => ({
  actual: (k) => forwardOf(k, op, call).out,
  expected: call.expected,
});

/** The claim that the VJP of a call with the cotangent `dOut` is `expected`. */
export const vjpClaim = <In, Saved, Attrs, Out>(
  op: Op<In, Saved, Attrs, Out>,
  call: Pick<HostCall<In, Attrs, Out>, "inputs" | "attrs">,
  dOut: Host<Grads<Out>>,
  expected: Host<Grads<In>>,
): Claim => ({ actual: (k) => gradientsOf(k, op, call, dOut), expected });

/** 0 if `actual`, rounded to `digits` digits, is the printed number; otherwise Infinity. */
export const rounds = (actual: number, printed: number, digits: number): number =>
  Number(actual.toPrecision(digits)) === printed ? 0 : Infinity;

/** |actual − expected|/|expected|; |actual| if `expected` is 0. */
export const relative = (actual: number, expected: number): number => Math.abs(actual - expected) / (Math.abs(expected) || 1);
