/** Errors in the ops that move numbers: wrong axes, orders and rows. */
import { patches } from "../../../src/ops/patches.ts";
import { addPosition } from "../../../src/ops/position.ts";
import { positionResize } from "../../../src/ops/positionResize.ts";
import { mergeHeads, splitHeads } from "../../../src/ops/splitHeads.ts";
import { prefixTokens, token } from "../../../src/ops/tokens.ts";
import { axis } from "../../../src/tensor/tensor.ts";
import { planted, right, type PlantedError } from "../../helpers/planted.ts";

const headErrors: readonly PlantedError[] = [
  planted(splitHeads, "head m given the columns m, m + h, …", {
    forward(k, { qkv }, { heads: h }) {
      const [B = 0, T = 0, threeD = 0] = qkv.shape;
      const d = threeD / 3 / h;
      const roles = k.permute(k.reshape(qkv, [B, T, 3, d, h]), [2, 0, 4, 1, 3]);
      const role = (i: number): typeof qkv => k.reshape(k.slice(roles, 0, i, i + 1), [B, h, T, d]);
      return { out: { q: role(0), keys: role(1), values: role(2) }, saved: null };
    },
  }),
  planted(splitHeads, "Q̄ and K̄ exchanged", {
    vjp: (k, saved, { q: dQ, keys: dK, values: dV }) => right(splitHeads).vjp(k, saved, { q: dK, keys: dQ, values: dV }),
  }),
  planted(mergeHeads, "heads and tokens not exchanged back", {
    vjp(k, { heads: h }, dOut) {
      const [B = 0, T = 0, D = 0] = dOut.shape;
      return { o: k.reshape(dOut, [B, h, T, D / h]) };
    },
  }),
  planted(mergeHeads, "the heads in reverse order", {
    forward(k, { o }) {
      const h = axis(o.shape, 1);
      const reversed = Array.from({ length: h }, (_, m) => k.slice(o, 1, h - 1 - m, h - m));
      return right(mergeHeads).forward(k, { o: k.concat(reversed, 1) });
    },
  }),
];

const patchErrors: readonly PlantedError[] = [
  planted(patches, "the patches counted column by column", {
    forward(k, inputs, attrs) {
      const { out, saved } = right(patches).forward(k, inputs, attrs);
      const [B = 0, N = 0, length = 0] = out.shape;
      const g = Math.sqrt(N);
      const columns = k.permute(k.reshape(out, [B, g, g, length]), [0, 2, 1, 3]);
      return { out: k.reshape(columns, [B, N, length]), saved };
    },
  }),
  planted(patches, "the channels of a pixel adjacent", {
    forward(k, inputs, attrs) {
      const { out, saved } = right(patches).forward(k, inputs, attrs);
      const [B = 0, N = 0, length = 0] = out.shape;
      const C = axis(inputs.images.shape, 1);
      const pixels = k.permute(k.reshape(out, [B, N, C, length / C]), [0, 1, 3, 2]);
      return { out: k.reshape(pixels, [B, N, length]), saved };
    },
  }),
  planted(patches, "the gradient of a pixel divided by p²", {
    vjp: (k, saved, dU) => ({ images: k.scale(right(patches).vjp(k, saved, dU).images, 1 / saved.patchSize ** 2) }),
  }),
];

const tokenErrors: readonly PlantedError[] = [
  planted(prefixTokens, "the tokens behind the patches", {
    forward(k, { patches: E, tokens }) {
      const [B = 0, , D = 0] = E.shape;
      const rows = tokens.map((t) => k.expandLeading(k.reshape(t, [1, D]), B));
      return { out: k.concat([E, ...rows], 1), saved: { count: tokens.length } };
    },
  }),
  planted(prefixTokens, "the gradient of a token averaged over the batch", {
    vjp(k, saved, dX) {
      const d = right(prefixTokens).vjp(k, saved, dX);
      return { patches: d.patches, tokens: d.tokens.map((t) => k.scale(t, 1 / axis(dX.shape, 0))) };
    },
  }),
  planted(prefixTokens, "the gradients of the tokens in reverse order", {
    vjp(k, saved, dX) {
      const d = right(prefixTokens).vjp(k, saved, dX);
      return { patches: d.patches, tokens: d.tokens.toReversed() };
    },
  }),
  planted(token, "always the first token", { forward: (k, inputs) => right(token).forward(k, inputs, { index: 0 }) }),
  planted(token, "its cotangent put at the last token", {
    vjp: (k, { tokens }, d) => right(token).vjp(k, { index: tokens - 1, tokens }, d),
  }),
];

const positionErrors: readonly PlantedError[] = [
  planted(addPosition, "the gradient of the positions averaged over the batch", {
    vjp(k, saved, dX) {
      const d = right(addPosition).vjp(k, saved, dX);
      return { x: d.x, pos: k.scale(d.pos, 1 / axis(dX.shape, 0)) };
    },
  }),
  planted(addPosition, "the positions subtracted", {
    forward: (k, { x, pos }) => right(addPosition).forward(k, { x, pos: k.scale(pos, -1) }),
  }),
  planted(positionResize, "resized back in its VJP, not transposed", {
    vjp(k, { attrs }, dY) {
      const { from, to, ...rest } = attrs;
      return { pos: right(positionResize).forward(k, { pos: dY }, { ...rest, from: to, to: from }).out };
    },
  }),
  planted(positionResize, "the prefix rows forgotten in its VJP", {
    vjp(k, saved, dY) {
      const { pos } = right(positionResize).vjp(k, saved, dY);
      const [, T = 0, D = 0] = pos.shape;
      const { prefix } = saved.attrs;
      return { pos: k.concat([k.zeros([1, prefix, D]), k.slice(pos, 1, prefix, T)], 1) };
    },
  }),
  planted(positionResize, "rows and columns exchanged", {
    forward(k, { pos }, attrs) {
      const { out, saved } = right(positionResize).forward(k, { pos }, attrs);
      const { prefix, to } = attrs;
      const [, T = 0, D = 0] = out.shape;
      const map = k.permute(k.reshape(k.slice(out, 1, prefix, T), [to[0], to[1], D]), [1, 0, 2]);
      return { out: k.concat([k.slice(out, 1, 0, prefix), k.reshape(map, [1, to[0] * to[1], D])], 1), saved };
    },
  }),
];

export const layoutErrors: readonly PlantedError[] = [...headErrors, ...patchErrors, ...tokenErrors, ...positionErrors];
