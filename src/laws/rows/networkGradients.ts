/** The gradients of the network, one row each: the op's VJP against the printed formula in plain loops, at the loops' own forward values. */
import { gap, gapOfGradients, gapOfLeaves, scaleOf } from "../../check/close.ts";
import { evaluate, hostArray, leavesOf, upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { block } from "../../model/block.ts";
import { embed } from "../../model/embed.ts";
import { classifierHeads } from "../../model/heads.ts";
import { patchEmbed } from "../../model/patchEmbed.ts";
import { selfAttention } from "../../model/selfAttention.ts";
import { attention } from "../../ops/attention.ts";
import { dropout } from "../../ops/dropout.ts";
import { dropPathMultipliers } from "../../ops/dropPath.ts";
import { gelu } from "../../ops/gelu.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import { linear } from "../../ops/linear.ts";
import { withoutFusion } from "../../ops/observe.ts";
import { residual } from "../../ops/residual.ts";
import { softmax } from "../../ops/softmax.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { blockCall, embedCall, headsCall, patchEmbedCall, selfAttentionCall } from "../cases/calls/model.ts";
import { attentionCall, geluCall, layerNormCall, linearCall, residualCall, softmaxCall } from "../cases/calls/ops.ts";
import { drawCotangent, gradientRow, gradientsOf } from "../cases/hostCall.ts";
import { row } from "../cases/row.ts";
import { attention as attentionByLoops, attentionVjp } from "../loops/attention.ts";
import { blockVjp, perSample, residual as residualByLoops } from "../loops/block.ts";
import { embedVjp, patchEmbedVjp } from "../loops/embedding.ts";
import { geluVjp } from "../loops/feedForward.ts";
import { linearVjp } from "../loops/linear.ts";
import { headsVjp, token } from "../loops/network.ts";
import { layerNormVjp } from "../loops/norm.ts";
import { asRows, mapped, masked, paired, rowProducts, rowSums, share } from "../loops/rows.ts";
import { selfAttentionVjp } from "../loops/selfAttention.ts";
import { softmax as softmaxByLoops, softmaxVjp } from "../loops/softmax.ts";
import { severalRows, sizes } from "../cases/sizes.ts";
import { taps } from "../cases/taps.ts";

/** Several rows under one number. */
const together = (id: string, title: string, ...rows: readonly Row[]): Row =>
  row(id, title, async (engine, draw, reference) => {
    let worst = 0;
    for (const { error } of rows) worst = Math.max(worst, await error(engine, draw, reference));
    return worst;
  });

const coreGradients = gradientRow(
  "G12",
  "V̄ = Aᵀ Ō, Ā = Ō Vᵀ, S̄ = A ⊙ (Ā − ⟨Ā, A⟩), Q̄ = d^(−½) S̄ K, K̄ = d^(−½) S̄ᵀ Q",
  attention,
  attentionCall,
  (inputs, _, dO) => {
    const { q, keys: k, values: v } = attentionVjp(inputs, dO);
    return { q, keys: k, values: v };
  },
);

const absolute = (a: HostArray): HostArray => mapped(a, Math.abs);

/** The intermediate Ā and S̄; ⟨Ā, A⟩ = ⟨Ō, O⟩; the rows of S̄ sum to 0. */
const coreOnTheWay = row("G12", "Ā, S̄ and ⟨Ā, A⟩ = ⟨Ō, O⟩", async (engine, draw) => {
  const call = attentionCall(draw);
  const dO = drawCotangent<Tensor>(draw, call.expected);
  const want = attentionVjp(call.inputs, dO);
  const seen = await taps(engine, (k) => gradientsOf(withoutFusion(k, attention), attention, call, dO), [
    "cotangents/probs",
    "cotangents/scores",
  ]);
  const [dA, dS] = [seen.get("cotangents/probs") ?? hostArray([0], []), seen.get("cotangents/scores") ?? hostArray([0], [])];
  const { probs, mix } = attentionByLoops(call.inputs);
  const difference = paired(rowProducts(dA, probs), rowProducts(dO, mix), (recomputed, direct) => recomputed - direct);
  return Math.max(
    gapOfGradients(
      seen,
      leavesOf({ "cotangents/probs": want.probs, "cotangents/scores": want.scores }),
      scaleOf(leavesOf(dO)),
      draw.precision,
    ),
    share(difference, rowProducts(absolute(dO), absolute(mix))),
    share(rowSums(dS), dS),
  );
});

/** The exact multiplier for each element of an engine's mask: 0 or 1/(1 − rate). */
const asMask = (mask: HostArray | undefined, rate: number): HostArray =>
  mapped(mask ?? hostArray([0], []), (m) => (m === 0 ? 0 : 1 / (1 - rate)));

const throughDropout = row("G15", "dropout: x̄ = m ⊙ ȳ with the m of y = m ⊙ x", async (engine, draw) => {
  const x = draw.array(severalRows(draw));
  const dy = draw.array(x.shape);
  const attrs = { rate: draw.real(0.1, 0.9), key: draw.key() };
  const actual = await evaluate(engine, (k) => {
    const y = dropout.forward(k, { x: upload<Tensor>(k, x) }, attrs);
    return { out: y.out, mask: y.saved.mask, dx: dropout.vjp(k, y.saved, upload<Tensor>(k, dy)).x };
  });
  const mask = asMask(actual.get("mask"), attrs.rate);
  return gapOfLeaves(actual, leavesOf({ out: masked(x, mask), mask, dx: masked(dy, mask) }));
});

const throughDropPath = row("G15", "drop path: the branch's cotangent is m_b ȳ with the m_b of the forward", async (engine, draw) => {
  const [B = 1, D = 1] = sizes(draw, 2);
  const [x, branch, dy] = [draw.array([B, D]), draw.array([B, D]), draw.array([B, D])];
  const [rate, key] = [draw.real(0.1, 0.9), draw.key()];
  const actual = await evaluate(engine, (k) => {
    const multiplier = dropPathMultipliers(k, key, [rate], B)?.[0]?.attn ?? null;
    const y = residual.forward(k, upload<{ x: Tensor; branch: Tensor }>(k, { x, branch }), { multiplier });
    return { out: y.out, multiplier, grads: residual.vjp(k, y.saved, upload<Tensor>(k, dy)) };
  });
  const multiplier = asMask(actual.get("multiplier"), rate);
  const grads = { x: dy, branch: perSample(multiplier, dy) };
  return gapOfLeaves(actual, leavesOf({ out: residualByLoops(x, branch, multiplier), multiplier, grads }));
});

/** The positions are learned, so that they have a gradient. */
const prefixAsPosition = row("G16", "cls̄ = pos̄[0], dist̄ = pos̄[1]", async (engine, draw) => {
  const { inputs, attrs, expected } = embedCall(draw);
  const params = { ...inputs.params, pos_embed: inputs.params.pos_embed ?? attrs.fixedPosition };
  const call = { inputs: { ...inputs, params }, attrs: { ...attrs, fixedPosition: null } };
  const dX0 = drawCotangent<Tensor>(draw, expected);
  const grads = await evaluate(engine, (k) => gradientsOf(k, embed, call, dX0).params);
  const rows = ["cls_token", "dist_token"].flatMap((name) => grads.get(name) ?? []);
  const pos = grads.get("pos_embed") ?? hostArray([0], []);
  return Math.max(...rows.map((dToken, t) => gap(asRows(dToken), token(pos, t))));
});

/** (G1), (G2), (G10)–(G18). */
export const networkGradientRows: readonly Row[] = [
  gradientRow("G1", "linear: x̄ = ȳ W, W̄ = Σ ȳᵀ x, b̄ = Σ ȳ", linear, linearCall, ({ x, params }, _, dy) => linearVjp(x, params, dy)),
  gradientRow("G2", "softmax: z̄ = s ⊙ (s̄ − ⟨s̄, s⟩)", softmax, softmaxCall, ({ z }, _, ds) => ({
    z: softmaxVjp(softmaxByLoops(z), ds),
  })),
  gradientRow(
    "G10",
    "layer norm: x̄ = r (h − mean h − x̂ ⊙ mean(h ⊙ x̂)), h = ȳ ⊙ γ; γ̄ = Σ ȳ ⊙ x̂; β̄ = Σ ȳ",
    layerNorm,
    layerNormCall,
    ({ x, params }, { eps }, dy) => layerNormVjp(x, params, eps, dy),
  ),
  gradientRow("G11", "GELU: x̄ = ȳ ⊙ (Φ(x) + x φ(x))", gelu, geluCall, ({ x }, _, dy) => ({ x: geluVjp(x, dy) })),
  together("G12", "attention core: V̄, Ā, S̄, Q̄, K̄; ⟨Ā, A⟩ = ⟨Ō, O⟩; rows of S̄ sum to 0", coreGradients, coreOnTheWay),
  gradientRow(
    "G13",
    "MSA: (G1) for Wo, (G12), [Q̄|K̄|V̄], (G1) for Wqkv",
    selfAttention,
    selfAttentionCall,
    ({ x, params }, { heads: h }, dy) => selfAttentionVjp(x, params, h, dy),
  ),
  together(
    "G14",
    "X⁺ = X + m F(X): X̄ = X̄⁺ + F-backward(m X̄⁺), alone and twice in a block",
    gradientRow("G14", "residual", residual, residualCall, (_, { multiplier }, dy) => ({ x: dy, branch: perSample(multiplier, dy) })),
    gradientRow("G14", "block", block, blockCall, blockVjp),
  ),
  together("G15", "dropout and drop path: same mask and same factor as in the forward", throughDropout, throughDropPath),
  together(
    "G16",
    "pos̄ = Σ_b X̄₀, cls̄ = pos̄[0], dist̄ = pos̄[1], Ē = X̄₀[:, P:]",
    gradientRow("G16", "embed", embed, embedCall, (inputs, _, dX0) => embedVjp(inputs, dX0)),
    prefixAsPosition,
  ),
  gradientRow("G17", "heads: Z̄[:, 0] = z̄_c Wc, Z̄[:, 1] = z̄_d Wd, else 0", classifierHeads, headsCall, (inputs, _, dLogits) =>
    headsVjp(inputs, dLogits),
  ),
  gradientRow(
    "G18",
    "patch embedding: Ū = Ē Wp, W̄p = Σ Ēᵀ U, b̄p = Σ Ē, imḡ = fold(Ū)",
    patchEmbed,
    patchEmbedCall,
    (inputs, { patchSize }, dE) => patchEmbedVjp(inputs, patchSize, dE),
  ),
];
