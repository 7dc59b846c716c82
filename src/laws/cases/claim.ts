/** Rows made of claims: what the engine computes is what plain loops say. */
import { gapOfLeaves } from "../../check/close.ts";
import type { Draw } from "../../check/draw.ts";
import { evaluate, leavesOf, type Host } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances, type ToleranceName } from "../../check/tolerance.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Grads, Op } from "../../ops/op.ts";
import { forwardOf, gradientsOf, type HostCall } from "./hostCall.ts";

/** The project's side, a tensor or a tree of them, is the same tree by loops; or, in an identity, another tree of the project's. */
export type Claim = {
  readonly actual: (k: Kernels) => unknown;
  /** How large the terms are that may cancel; default 1. */
  readonly terms?: number;
} & ({ readonly expected: unknown } | { readonly equals: (k: Kernels) => unknown });

/** A difference of distributions may be all but 0, and its rounding is that of probabilities: errors are shares of the scale, or of the terms. */
const UNIT = 1;

/** The worst error of some claims. */
export async function errorOf(engine: Engine, claims: readonly Claim[]): Promise<number> {
  let worst = 0;
  for (const claim of claims) {
    const expected = "equals" in claim ? await evaluate(engine, claim.equals) : leavesOf(claim.expected);
    worst = Math.max(worst, gapOfLeaves(await evaluate(engine, claim.actual), expected, claim.terms ?? UNIT));
  }
  return worst;
}

/** A row that holds if all its claims do. */
export const row = (id: string, title: string, claims: (draw: Draw) => readonly Claim[], tolerance: ToleranceName = "equation"): Row => ({
  id,
  title,
  tolerance: tolerances[tolerance],
  error: (engine, draw) => errorOf(engine, claims(draw)),
});

/** A row that no engine computes. */
export const hostRow = (id: string, title: string, error: (draw: Draw) => number, tolerance: ToleranceName = "exact"): Row => ({
  id,
  title,
  tolerance: tolerances[tolerance],
  host: true,
  error: (_, draw) => error(draw),
});

/** The forward of `op` is what the call expects. */
export const forwardClaim = <In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>, call: HostCall<In, Attrs, Out>): Claim => ({
  actual: (k) => forwardOf(k, op, call).out,
  expected: call.expected,
});

/** The pullback of `dOut` through a call is `expected`. */
export const pullbackClaim = <In, Saved, Attrs, Out>(
  op: Op<In, Saved, Attrs, Out>,
  call: Pick<HostCall<In, Attrs, Out>, "inputs" | "attrs">,
  dOut: Host<Grads<Out>>,
  expected: Host<Grads<In>>,
): Claim => ({ actual: (k) => gradientsOf(k, op, call, dOut), expected });

/** 0 if `actual`, rounded to so many digits, is the number printed; else Infinity. */
export const rounds = (actual: number, printed: number, digits: number): number =>
  Number(actual.toPrecision(digits)) === printed ? 0 : Infinity;

/** |actual − expected| as a share of |expected|; of 1 where that is 0. */
export const relative = (actual: number, expected: number): number => Math.abs(actual - expected) / (Math.abs(expected) || 1);
