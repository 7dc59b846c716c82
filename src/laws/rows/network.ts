/** The equations of the network, one row each: the op against plain loops. */
import { gap, gapOfLeaves } from "../../check/close.ts";
import { evaluate, hostArray, leavesOf, upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { block } from "../../model/block.ts";
import { deitLogits } from "../../model/deit.ts";
import { embed } from "../../model/embed.ts";
import type { Logits } from "../../model/heads.ts";
import { mlp } from "../../model/mlp.ts";
import { patchEmbed } from "../../model/patchEmbed.ts";
import { selfAttention } from "../../model/selfAttention.ts";
import { attention } from "../../ops/attention.ts";
import { gelu } from "../../ops/gelu.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import { withoutFusion } from "../../ops/observe.ts";
import { sineCosine } from "../../ops/position.ts";
import { splitHeads } from "../../ops/splitHeads.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { blockCall, deitCall, deitCallOf, embedCallOf, mlpCall, patchEmbedCall, selfAttentionCall } from "../cases/calls/model.ts";
import { attentionCall, geluCall, layerNormCall, splitHeadsCall } from "../cases/calls/ops.ts";
import { forwardOf, outputRow, tapRow } from "../cases/hostCall.ts";
import { hostRow, row } from "../cases/row.ts";
import { attention as attentionByLoops } from "../loops/attention.ts";
import { block as blockByLoops } from "../loops/block.ts";
import { sineCosine as sineCosineByLoops } from "../loops/embedding.ts";
import { normalCdf } from "../loops/feedForward.ts";
import { linear } from "../loops/linear.ts";
import { at, tabulate } from "../loops/matrix.ts";
import { deit } from "../loops/network.ts";
import { mapped } from "../loops/rows.ts";
import { mergeHeads } from "../loops/selfAttention.ts";
import { taps } from "../cases/taps.ts";

const queriesKeysValues = row(
  "E5",
  "[Q|K|V] = X Wqkvᵀ + bqkv: rows 0 … D−1 of Wqkv make queries, then keys, then values",
  async (engine, draw) => {
    const call = selfAttentionCall(draw);
    const { x, params } = call.inputs;
    const seen = await taps(engine, (k) => forwardOf(withoutFusion(k, selfAttention), selfAttention, call), ["selfAttention.split"]);
    const Y = linear(x, params.qkv);
    const third = (i: number): HostArray => tabulate(x.shape, (b, t, j) => at(Y, b, t, i * axis(x.shape, -1) + j));
    const expected = new Map(["q", "keys", "values"].map((name, i) => [`selfAttention.split.${name}`, third(i)]));
    return gapOfLeaves(new Map([...seen].map(([name, heads]) => [name, mergeHeads(heads)])), expected);
  },
);

const activation = row("E9", "Φ(x) = ½(1 + erf(x/√2)), GELU(x) = x Φ(x)", async (engine, draw) => {
  const { inputs, expected } = geluCall(draw);
  const actual = await evaluate(engine, (k) => {
    const x = upload<Tensor>(k, inputs.x);
    return { phi: k.normalCdf(x), gelu: gelu.forward(k, { x }).out };
  });
  return gapOfLeaves(actual, leavesOf({ phi: mapped(inputs.x, normalCdf), gelu: expected }));
});

/** The logits of one head of a whole network. */
const headRow = (id: string, title: string, head: keyof Logits, drawCall: typeof deitCall): Row =>
  row(id, title, async (engine, draw) => {
    const call = drawCall(draw);
    const logits = await evaluate(engine, (k) => forwardOf(k, deitLogits, call).out);
    return gapOfLeaves(new Map([...logits].filter(([name]) => name === head)), leavesOf({ [head]: call.expected[head] }));
  });

/** The most tokens, and the most pairs of channels. */
const [TOKENS, PAIRS] = [40, 8];

const fixedPosition = hostRow(
  "E34",
  "fixed positions: pos[t, 2i] = sin(t·10000^(−2i/D)), pos[t, 2i+1] = cos of the same",
  (draw) => {
    const [T, D] = [draw.integer(1, TOKENS), 2 * draw.integer(1, PAIRS)];
    return gap(hostArray([T, D], sineCosine(T, D)), sineCosineByLoops(T, D));
  },
  "equation",
);

/** (E1)–(E15), (E34). */
export const networkRows: readonly Row[] = [
  outputRow("E1", "patches row-major, pixels by channel, row, column: E = U·reshape(Wp)ᵀ + bp", patchEmbed, patchEmbedCall),
  outputRow("E2", "plain: X₀ = [cls; E] + pos", embed, embedCallOf(false)),
  outputRow("E3", "distilled: X₀ = [cls; dist; E] + pos, dist at index 1, a position for each", embed, embedCallOf(true)),
  outputRow("E4", "layer norm: y = γ ⊙ (x − μ)(v + ε)^(−½) + β, v biased", layerNorm, layerNormCall),
  queriesKeysValues,
  outputRow("E6", "head m has columns m·d … (m+1)·d − 1 of each of Q, K, V", splitHeads, splitHeadsCall),
  tapRow("E7", "S = d^(−½) Q Kᵀ, A = σ(S), O = A V; Tq queries, Tk ≠ Tq keys and values", attention, attentionCall, ({ inputs }) =>
    leavesOf(attentionByLoops(inputs)),
  ),
  outputRow("E8", "MSA(X) = concat_m(O_m) Woᵀ + bo", selfAttention, selfAttentionCall),
  activation,
  outputRow("E10", "FFN(x) = GELU(x W₁ᵀ + b₁) W₂ᵀ + b₂", mlp, mlpCall),
  tapRow("E11", "X′ = X + m₁ ⊙ MSA(LN₁(X)), a multiplier for each sample", block, blockCall, ({ inputs, attrs }) =>
    leavesOf({ "block.mid": blockByLoops(inputs, attrs).mid }),
  ),
  outputRow("E12", "X⁺ = X′ + m₂ ⊙ FFN(LN₂(X′)), multipliers of its own", block, blockCall),
  tapRow("E13", "Z = LN_f(X_L), over all tokens", deitLogits, deitCall, ({ inputs, attrs }) => leavesOf({ norm: deit(inputs, attrs).z })),
  headRow("E14", "class logits of a whole network: z_c = Z[:, 0] Wcᵀ + bc", "head", deitCall),
  headRow("E15", "distillation logits of a whole network: z_d = Z[:, 1] Wdᵀ + bd", "head_dist", deitCallOf(true)),
  fixedPosition,
];
