/** Errors in the parts of the model: a path of the cotangent forgotten, a layer skipped, two tensors exchanged. */
import type { Kernels } from "../../../src/kernels/kernels.ts";
import { block } from "../../../src/model/block.ts";
import { deitLogits } from "../../../src/model/deit.ts";
import { embed } from "../../../src/model/embed.ts";
import { encoderOf } from "../../../src/model/encoder.ts";
import { meanOfLogits, sumOfSoftmax } from "../../../src/model/fusion.ts";
import { classifierHeads } from "../../../src/model/heads.ts";
import { mlp } from "../../../src/model/mlp.ts";
import { patchEmbed } from "../../../src/model/patchEmbed.ts";
import { selfAttention } from "../../../src/model/selfAttention.ts";
import { attention } from "../../../src/ops/attention.ts";
import { dropout } from "../../../src/ops/dropout.ts";
import { layerNorm } from "../../../src/ops/layerNorm.ts";
import { linear } from "../../../src/ops/linear.ts";
import { residual } from "../../../src/ops/residual.ts";
import { softmax } from "../../../src/ops/softmax.ts";
import { mergeHeads, splitHeads } from "../../../src/ops/splitHeads.ts";
import { axis, type Tensor } from "../../../src/tensor/tensor.ts";
import { inSubject, planted, right, type PlantedError } from "../../helpers/planted.ts";

const embeddingErrors: readonly PlantedError[] = [
  planted(patchEmbed, "the gradient of the image left at 0", {
    vjp: (k, saved, dE) => ({ ...right(patchEmbed).vjp(k, saved, dE), images: k.zeros(saved.patches.imageShape) }),
  }),
  planted(patchEmbed, "its bias left out", {
    forward(k, { images, params: { proj } }, attrs) {
      const params = { proj: { weight: proj.weight, bias: k.zeros(proj.bias.shape) } };
      return right(patchEmbed).forward(k, { images, params }, attrs);
    },
  }),
  planted(embed, "no positions for the prefix tokens", {
    forward(k, { patches, params }, attrs) {
      const rowsOfPatches = (pos: Tensor | null): Tensor | null => {
        if (pos === null) return null;
        const [T, P] = [axis(pos.shape, 1), axis(pos.shape, 1) - axis(patches.shape, 1)];
        return k.pad(k.slice(pos, 1, P, T), 1, P, T);
      };
      const pos_embed = rowsOfPatches(params.pos_embed);
      const fixedPosition = rowsOfPatches(attrs.fixedPosition);
      return right(embed).forward(k, { patches, params: { ...params, pos_embed } }, { ...attrs, fixedPosition });
    },
  }),
  planted(embed, "the class token's gradient returned for the distillation token", {
    vjp(k, saved, dX0) {
      const { patches, params } = right(embed).vjp(k, saved, dX0);
      return { patches, params: { ...params, dist_token: params.dist_token === null ? null : params.cls_token } };
    },
  }),
  planted(embed, "dropout ignored in its VJP", {
    vjp: (k, saved, dX0) => right(embed).vjp(k, { ...saved, drop: { mask: null } }, dX0),
  }),
];

const layerErrors: readonly PlantedError[] = [
  planted(mlp, "GELU skipped in its VJP", {
    vjp(k, saved, dy) {
      const dFc2 = linear.vjp(k, saved.fc2, dropout.vjp(k, saved.drop2, dy).x);
      const dFc1 = linear.vjp(k, saved.fc1, dropout.vjp(k, saved.drop1, dFc2.x).x);
      return { x: dFc1.x, params: { fc1: dFc1.params, fc2: dFc2.params } };
    },
  }),
  planted(mlp, "the second dropout ignored in its VJP", {
    vjp: (k, saved, dy) => right(mlp).vjp(k, { ...saved, drop2: { mask: null } }, dy),
  }),
  planted(selfAttention, "Q̄ and K̄ exchanged before the VJP of Wqkv", {
    vjp(k, saved, dy) {
      const dProj = linear.vjp(k, saved.proj, dropout.vjp(k, saved.drop, dy).x);
      const dRoles = attention.vjp(k, saved.attention, mergeHeads.vjp(k, saved.context, dProj.x).o);
      const dSplit = splitHeads.vjp(k, null, { q: dRoles.keys, keys: dRoles.q, values: dRoles.values });
      const dQkv = linear.vjp(k, saved.qkv, dSplit.qkv);
      return { x: dQkv.x, params: { qkv: dQkv.params, proj: dProj.params } };
    },
  }),
  planted(selfAttention, "one head, however many there are", {
    forward: (k, inputs, attrs) => right(selfAttention).forward(k, inputs, { ...attrs, heads: 1 }),
  }),
];

/** How two cotangents of one tensor are combined. */
type Meet = (k: Kernels, skip: Tensor, branch: Tensor) => Tensor;
const sum: Meet = (k, skip, branch) => k.add(skip, branch);

/** The VJP of a block with another combination of the cotangents of u and of x, each of which is used twice. */
const blockVjp =
  (atU: Meet, atX: Meet): typeof block.vjp =>
  (k, saved, dy) => {
    const dSum = residual.vjp(k, saved.sum, dy);
    const dMlp = mlp.vjp(k, saved.mlp, dSum.branch);
    const dNorm2 = layerNorm.vjp(k, saved.norm2, dMlp.x);
    const dMid = residual.vjp(k, saved.mid, atU(k, dSum.x, dNorm2.x));
    const dAttn = selfAttention.vjp(k, saved.attn, dMid.branch);
    const dNorm1 = layerNorm.vjp(k, saved.norm1, dAttn.x);
    const params = { norm1: dNorm1.params, attn: dAttn.params, norm2: dNorm2.params, mlp: dMlp.params };
    return { x: atX(k, dMid.x, dNorm1.x), params };
  };

const blockErrors: readonly PlantedError[] = [
  planted(block, "'u is used twice' forgotten: the skip alone", { vjp: blockVjp((_, skip) => skip, sum) }),
  planted(block, "'u is used twice' forgotten: the branch alone", { vjp: blockVjp((_, _skip, branch) => branch, sum) }),
  planted(block, "'x is used twice' forgotten", { vjp: blockVjp(sum, (_, skip) => skip) }),
  planted(block, "one multiplier for both branches", {
    forward(k, inputs, attrs) {
      const dropPath = attrs.dropPath === null ? null : { attn: attrs.dropPath.attn, mlp: attrs.dropPath.attn };
      return right(block).forward(k, inputs, { ...attrs, dropPath });
    },
  }),
];

const encoder = encoderOf(block);

const encoderErrors: readonly PlantedError[] = [
  planted(encoder, "the blocks backpropagated from first to last", {
    vjp(k, saved, dOut) {
      const { x, params } = right(encoder).vjp(k, saved.toReversed(), dOut);
      return { x, params: params.toReversed() };
    },
  }),
  planted(encoder, "the multipliers of the first block for all", {
    forward(k, inputs, attrs) {
      const [first] = attrs.dropPath ?? [];
      const dropPath = first === undefined ? null : inputs.params.map(() => first);
      return right(encoder).forward(k, inputs, { ...attrs, dropPath });
    },
  }),
].map(inSubject);

const headErrors: readonly PlantedError[] = [
  planted(classifierHeads, "both heads on the class token", {
    forward(k, { z, params }) {
      const cls = k.slice(z, 1, 0, 1);
      return right(classifierHeads).forward(k, { z: k.concat([cls, cls], 1), params });
    },
  }),
  planted(classifierHeads, "the distillation head's share of Z̄ forgotten", {
    vjp(k, saved, dLogits) {
      const { z } = right(classifierHeads).vjp(k, { head: saved.head, head_dist: null }, { head: dLogits.head, head_dist: null });
      return { z, params: right(classifierHeads).vjp(k, saved, dLogits).params };
    },
  }),
  planted(meanOfLogits, "½ missing in its VJP", {
    vjp: (_, { distilled }, dz) => ({ head: dz, head_dist: distilled ? dz : null }),
  }),
  planted(sumOfSoftmax, "σ(z_c) instead of σ(z_d) in its VJP", {
    vjp(k, { head, head_dist }, dScore) {
      const dz = softmax.vjp(k, head, dScore).z;
      return { head: dz, head_dist: head_dist === null ? null : dz };
    },
  }),
  planted(deitLogits, "the final norm skipped in its VJP", {
    vjp(k, saved, dLogits) {
      const dHeads = classifierHeads.vjp(k, saved.classifierHeads, dLogits);
      const dNorm = layerNorm.vjp(k, saved.norm, dHeads.z);
      const dEncoder = encoder.vjp(k, saved.blocks, dHeads.z);
      const dEmbed = embed.vjp(k, saved.embed, dEncoder.x);
      const dPatch = patchEmbed.vjp(k, saved.patch_embed, dEmbed.patches);
      const params = { ...dEmbed.params, patch_embed: dPatch.params, blocks: dEncoder.params, norm: dNorm.params, ...dHeads.params };
      return { images: dPatch.images, params };
    },
  }),
  planted(deitLogits, "no gradient for learned positions", {
    vjp(k, saved, dLogits) {
      const { images, params } = right(deitLogits).vjp(k, saved, dLogits);
      const pos_embed = params.pos_embed === null ? null : k.zeros(params.pos_embed.shape);
      return { images, params: { ...params, pos_embed } };
    },
  }),
];

export const modelErrors: readonly PlantedError[] = [...embeddingErrors, ...layerErrors, ...blockErrors, ...encoderErrors, ...headErrors];
