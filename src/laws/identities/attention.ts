/** Properties of attention and its parts that do not repeat the formula: sums that are 1 or 0, and changes of the keys that change nothing. */
import { gap } from "../../check/close.ts";
import type { Draw } from "../../check/draw.ts";
import { evaluate, evaluateOne, hostArray, upload, type Host, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { selfAttention } from "../../model/selfAttention.ts";
import { attention, type AttentionInputs } from "../../ops/attention.ts";
import { withoutFusion } from "../../ops/observe.ts";
import { softmax } from "../../ops/softmax.ts";
import { permutation } from "../../tensor/key.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { selfAttentionCall } from "../cases/calls/model.ts";
import { attentionCall } from "../cases/calls/ops.ts";
import { drawCotangent, forwardOf, gradientsOf } from "../cases/hostCall.ts";
import { row } from "../cases/row.ts";
import { attention as attentionByLoops } from "../loops/attention.ts";
import { at, sum, tabulate } from "../loops/matrix.ts";
import { asGroups, mapped, paired, reshaped, rowSums, share } from "../loops/rows.ts";
import { taps } from "../cases/taps.ts";

/** Pair j of the result is pair `from(j)` of a, [..., k, d]. */
function pairs(a: HostArray, from: (j: number) => number): HostArray {
  const A = asGroups(a);
  return reshaped(
    tabulate(A.shape, (g, j, c) => at(A, g, from(j), c)),
    a.shape,
  );
}

/** The mean of the values, for each of N queries. */
function meanValue({ q, values: v }: Host<AttentionInputs>): HostArray {
  const V = asGroups(v);
  const [G = 0, k = 0, d = 0] = V.shape;
  const mean = tabulate([G, axis(q.shape, -2), d], (g, _, c) => sum(k, (j) => at(V, g, j, c)) / k);
  return reshaped(mean, [...q.shape.slice(0, -1), d]);
}

/** A row: this change of the inputs does not change the output. */
const unchanged = (id: string, title: string, change: (inputs: Host<AttentionInputs>, draw: Draw) => Host<AttentionInputs>): Row =>
  row(id, title, async (engine, draw) => {
    const { inputs, attrs } = attentionCall(draw);
    const out = (given: Host<AttentionInputs>): Promise<HostArray> =>
      evaluateOne(engine, (k) => forwardOf(k, attention, { inputs: given, attrs }).out);
    return gap(await out(change(inputs, draw)), await out(inputs));
  });

/** Logits so far apart that every probability but the largest one's is 0. */
const FAR = 1e4;

export const attentionIdentities: readonly Row[] = [
  row("identity/softmax-range", "softmax of logits of ±1e4 is finite: 1 for the largest, 0 for the others", async (engine, draw) => {
    const K = draw.integer(2, 6);
    const order = permutation(draw.key(), K);
    const z = tabulate([1, K], (_, c) => FAR * ((order[c] ?? 0) - (K - 1) / 2));
    const s = await evaluateOne(engine, (k) => softmax.forward(k, { z: upload<Tensor>(k, z) }).out);
    return gap(
      s,
      tabulate([1, K], (_, c) => (order[c] === K - 1 ? 1 : 0)),
    );
  }),
  row("identity/attention-rows", "rows of A sum to 1", async (engine, draw) => {
    const call = attentionCall(draw);
    const A = (await taps(engine, (k) => forwardOf(withoutFusion(k, attention), attention, call), ["probs"])).get("probs");
    const sums = rowSums(A ?? hostArray([1, 1], [NaN]));
    return gap(
      sums,
      mapped(sums, () => 1),
    );
  }),
  row("identity/attention-saved", "the saved λ and O give A = e^(S − λ) and ⟨Ā, A⟩ = ⟨Ō, O⟩", async (engine, draw) => {
    const call = attentionCall(draw);
    const saved = await evaluate(engine, (k) => forwardOf(k, attention, call).saved);
    const { scores: S, probs: A, mix: O } = attentionByLoops(call.inputs);
    const logSum = saved.get("logSum") ?? hostArray([0], []);
    const keys = axis(S.shape, -1);
    const again = S.data.map((s, i) => Math.exp(s - at(logSum, Math.floor(i / keys))));
    return Math.max(gap({ shape: S.shape, data: again }, A), gap(saved.get("out") ?? hostArray([0], []), O));
  }),
  row("identity/equal-keys", "with all keys equal, attention averages the values", async (engine, draw) => {
    const { inputs, attrs } = attentionCall(draw);
    const equal = { ...inputs, keys: pairs(inputs.keys, () => 0) };
    const mixed = await evaluateOne(engine, (k) => forwardOf(k, attention, { inputs: equal, attrs }).out);
    return share(
      paired(mixed, meanValue(equal), (got, want) => got - want),
      equal.values,
    );
  }),
  unchanged("identity/key-value-permutation", "permuting the key–value pairs changes nothing", (inputs, draw) => {
    const order = permutation(draw.key(), axis(inputs.keys.shape, -2));
    const from = (j: number): number => order[j] ?? NaN;
    return { ...inputs, keys: pairs(inputs.keys, from), values: pairs(inputs.values, from) };
  }),
  unchanged("identity/key-shift", "adding one vector to all keys changes nothing", (inputs, draw) => {
    const shift = draw.array([axis(inputs.keys.shape, -1)]);
    return { ...inputs, keys: { shape: inputs.keys.shape, data: inputs.keys.data.map((x, i) => x + at(shift, i % shift.data.length)) } };
  }),
  row("identity/key-bias-gradient", "the key bias has no gradient", async (engine, draw) => {
    const call = selfAttentionCall(draw);
    const dOut = drawCotangent<Tensor>(draw, call.expected);
    const grads = await evaluate(engine, (k) => gradientsOf(k, selfAttention, call, dOut).params.qkv);
    const bias = grads.get("bias") ?? hostArray([0], []);
    const D = bias.data.length / 3;
    return share({ shape: [D], data: bias.data.subarray(D, 2 * D) }, bias);
  }),
];
