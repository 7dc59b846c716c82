/**
 * The attention core (E7), (G12), without storing a row of A. The forward takes a block of queries at a time, the VJP blocks of queries and then of keys,
 * so that each sum has one order. With dropout, or where kernels/attention/plan.ts has no plan, the op's definition runs.
 */
import { attention } from "../../../ops/attention.ts";
import type { DropoutAttrs } from "../../../ops/dropout.ts";
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import { axis, size, type Tensor } from "../../../tensor/tensor.ts";
import { attentionPlan, type AttentionPlan } from "../kernels/attention/plan.ts";
import { takeActivation, type FusedKernel } from "./kernel.ts";

export const attentionKernel: FusedKernel = (access, heap) => {
  const { capabilities, precision, run, storage } = access;

  const planFor = (q: Tensor, k: Tensor, dropout: DropoutAttrs | null): AttentionPlan | null => {
    if (dropout !== null) return null;
    const [heads, N, K, d] = [size(q.shape.slice(0, -2)), axis(q.shape, -2), axis(k.shape, -2), axis(q.shape, -1)];
    return attentionPlan({ heads, N, K, d }, precision, capabilities);
  };

  const kernel: typeof attention = {
    name: attention.name,
    forward: (scope, { q, keys: k, values: v }, { dropout }) => {
      const plan = planFor(q, k, dropout);
      if (plan === null) return attention.forward(withoutFusion(scope, attention), { q, keys: k, values: v }, { dropout });
      const [out, logSum] = [takeActivation(access, heap, q.shape), heap.take([...q.shape.slice(0, -1), 1])];
      const dispatch = plan.forward({ result: storage(out), q: storage(q), k: storage(k), v: storage(v) });
      run(dispatch, out, q, k, v, logSum);
      heap.count(dispatch.macs ?? 0);
      return { out, saved: { q, keys: k, values: v, out, logSum, dropout } };
    },
    vjp: (scope, saved, dO) => {
      const { q, keys: k, values: v, out, logSum, dropout } = saved;
      const plan = planFor(q, k, dropout);
      if (plan === null) return attention.vjp(withoutFusion(scope, attention), saved, dO);
      const taken = (t: Tensor): Tensor => takeActivation(access, heap, t.shape);
      const [dq, dk, dv, alpha] = [taken(q), taken(k), taken(v), heap.take(logSum.shape)];
      const stored = { result: storage(dq), q: storage(q), k: storage(k), v: storage(v), o: storage(out), dO: storage(dO) };
      const [byQueries, byKeys] = [plan.dQueries(stored), plan.dKeys(stored)];
      run(byQueries, dq, q, k, v, out, dO, logSum, alpha);
      run(byKeys, dk, dv, q, k, v, dO, logSum, alpha);
      heap.count((byQueries.macs ?? 0) + (byKeys.macs ?? 0));
      return { q: dq, keys: dk, values: dv };
    },
  };
  return fuse(attention, kernel);
};
