/**
 * Sums what the ranks of a run have computed in a step. On an engine that computes at the call, the gradient of a parameter is sent off as soon as
 * the backward pass has it, in buckets of several, so that the ranks sum while the pass goes on. Elsewhere, and where a rank has several
 * micro-batches, all is sent when the last one is done.
 *
 * All ranks run the same program, so they send the same buckets in the same order.
 */
import type { Engine } from "../../kernels/engine.ts";
import type { Call, Kernels } from "../../kernels/kernels.ts";
import { observe } from "../../ops/observe.ts";
import type { Ranks, Reduction } from "../../ranks/ranks.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { mapTree, named } from "../../tensor/tree.ts";
import type { LossAndGrads } from "../step/task.ts";

/** The ranks of a run, and how they sum. */
export interface RunRanks {
  readonly ranks: Ranks;
  readonly how: Reduction;
}

/** Whether this process writes the files of a run: it is alone, or rank 0. */
export const leads = ({ ranks }: { readonly ranks: RunRanks | null }): boolean => (ranks?.ranks.rank ?? 0) === 0;

/** Numbers in a bucket, at least, unless it is the last. */
const BUCKET = 2 ** 18;

type Numbers = Float32Array | Float64Array;

/** Tensors one after the other, and their sum over the ranks. */
interface Bucket {
  readonly tensors: readonly Tensor[];
  readonly sum: Promise<Numbers>;
}

function joined(parts: readonly Numbers[]): Numbers {
  const length = parts.reduce((total, part) => total + part.length, 0);
  const all = parts[0] instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** `Ranks.sum` of either kind of numbers. */
const summed = (ranks: Ranks, numbers: Numbers, how: Reduction): Promise<Numbers> =>
  numbers instanceof Float64Array ? ranks.sum(numbers, how) : ranks.sum(numbers, how);

/** The same order of summation, but no number is rounded to f16 on its way. */
const unrounded = (how: Reduction): Reduction => (how.kind === "fast" ? { ...how, wire: "f32" } : how);

/** The sums of one step. */
export interface StepSums {
  /** The kernels for the backward pass: what it computes is watched, and sent off. */
  readonly watched: (k: Kernels) => Kernels;
  /** The sums over all ranks, and whether any of them wants to stop. Consumes what it is given. */
  readonly finish: <P, S>(
    made: LossAndGrads<P, S>,
    stopping: boolean,
  ) => Promise<{ readonly made: LossAndGrads<P, S>; readonly stopping: boolean }>;
}

/** The gradients of parameters that a VJP has computed, by the parameters' names. */
function gradientsIn(call: Call, out: unknown): ReadonlyMap<string, Tensor> {
  if (call.phase !== "vjp" || typeof out !== "object" || out === null || !("params" in out)) return new Map();
  return new Map([...named(out.params)].map(([name, t]) => [`${call.path}.${name}`, t]));
}

/**
 * @param parameters the names of the parameters; empty: nothing is sent before the end
 * @throws RankError from `finish`, as soon as a rank no longer answers
 */
export function stepSums(engine: Engine, { ranks, how }: RunRanks, parameters: ReadonlySet<string>): StepSums {
  const k = engine.kernels;
  const buckets: Bucket[] = [];
  const sent = new Set<Tensor>();
  let [waiting, parts, length]: [Tensor[], Numbers[], number] = [[], [], 0];
  const send = (as: Reduction): void => {
    if (waiting.length === 0) return;
    const sum = summed(ranks, joined(parts), as);
    sum.catch(() => undefined); // `finish` awaits it
    buckets.push({ tensors: waiting, sum });
    [waiting, parts, length] = [[], [], 0];
  };
  const add = (t: Tensor, numbers: Numbers, as: Reduction): void => {
    sent.add(t);
    waiting.push(t);
    parts.push(numbers);
    length += numbers.length;
    if (length >= BUCKET) send(as);
  };
  const { readNow } = engine;
  return {
    watched: (on) => {
      if (readNow === undefined || parameters.size === 0) return on;
      return observe(on, {
        after: (call, out) => {
          for (const [name, t] of gradientsIn(call, out)) if (parameters.has(name) && !sent.has(t)) add(t, readNow(t), how);
        },
      });
    },
    finish: async (made, stopping) => {
      const flag = k.upload([], [Number(stopping)]);
      const { grads, ...others } = made;
      for (const [tree, as] of [
        [grads, how],
        [{ others, flag }, unrounded(how)], // loss, statistics and flag
      ] as const) {
        const left = [...named(tree).values()].filter((t) => !sent.has(t));
        const reads = await Promise.all(left.map((t) => engine.read(t)));
        for (const [i, t] of left.entries()) add(t, reads[i] ?? new Float32Array(), as);
        send(as);
      }
      const found = new Map<Tensor, Numbers>();
      for (const { tensors, sum } of buckets) {
        const numbers = await sum;
        let at = 0;
        for (const t of tensors) found.set(t, numbers.subarray(at, (at += size(t.shape))));
      }
      engine.release([made, flag]);
      return { made: mapTree(made, (t) => k.upload(t.shape, found.get(t) ?? [])), stopping: (found.get(flag)?.[0] ?? 0) > 0 };
    },
  };
}
