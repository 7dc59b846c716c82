/**
 * Automatic differentiation: the vector–Jacobian product (VJP) of any function that is written in basis kernels. While the function runs, each kernel call
 * is written on a tape together with its own VJP; reading the tape backwards is the chain rule (reverse mode: Griewank and Walther 2008, chapter 3).
 *
 * This project writes the network's own gradients by hand. A wrong formula of the catalogue comes without a gradient; its gradient is the one that a
 * program with automatic differentiation would compute, which is what this file does.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { unfused } from "../../ops/observe.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tapedKernels, type TapeEntry } from "./tapedKernels.ts";

/** k whose basis kernels write on the tape, and whose ops free nothing: the backward pass needs every tensor again. */
function keepingAll(k: Kernels, tape: TapeEntry[]): Kernels {
  return {
    ...tapedKernels(k, tape),
    scope: k.scope,
    within: (change) => keepingAll(k.within(change), tape),
    at: (label) => keepingAll(k.at(label), tape),
    last: () => keepingAll(k, tape),
    region: (_, f) => f(),
    capturable: (_, __, f) => f(),
    donate: () => undefined,
  };
}

/**
 * The cotangents of `inputs`: the VJP of f at the cotangent `dOut` of its result. An input that f does not read gets zeros.
 *
 * @param f written in basis kernels, or in ops that are defined by them
 */
export function vjpOf(k: Kernels, f: (k: Kernels) => Tensor, inputs: readonly Tensor[], dOut: Tensor): readonly Tensor[] {
  const tape: TapeEntry[] = [];
  const out = f(keepingAll(unfused(k), tape));
  const cotangents = new Map<Tensor, Tensor>();
  const add = (t: Tensor, d: Tensor): void => {
    const before = cotangents.get(t);
    cotangents.set(t, before === undefined ? d : k.add(before, d));
  };
  add(out, dOut);
  for (const { out: result, vjp } of tape.toReversed()) {
    const d = cotangents.get(result);
    if (d !== undefined) for (const [input, share] of vjp(d)) add(input, share);
  }
  return inputs.map((input) => cotangents.get(input) ?? k.zeros(input.shape));
}
