/**
 * Patches, tokens and positions and their VJPs, as they are often written wrong.
 *
 *   (E1)   E = U Wpᵀ + bp                     patches row-major; a row of U is channel, row, column
 *   (E3)   X₀ = [cls; dist; E] + pos
 *   (G16)  pos̄ = Σ_b X̄₀
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { prefixCount, tokenCount } from "../../model/config.ts";
import { linear } from "../../ops/linear.ts";
import { patches } from "../../ops/patches.ts";
import { addPosition } from "../../ops/position.ts";
import { prefixTokens } from "../../ops/tokens.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { embedOp, nth, paramsOf, patchOp, type StepInputs } from "../steps/stepOps.ts";
import type { BackwardVariant, ForwardVariant } from "./variant.ts";

/** Index of pos_embed among the weights of the step: class token, positions, distillation token. */
const POSITION = 1;

/** [B, N, D] with N = g·g: rows and columns of the grid of patches exchanged. */
function columnMajor(k: Kernels, E: Tensor): Tensor {
  const [B = 0, N = 0, D = 0] = E.shape;
  const g = Math.sqrt(N);
  return k.reshape(k.permute(k.reshape(E, [B, g, g, D]), [0, 2, 1, 3]), E.shape);
}

/** (E1) with the numbers of a patch in the order row, column, channel. */
function channelLast(k: Kernels, inputs: StepInputs, patchSize: number): Tensor {
  const { weight, bias } = paramsOf(inputs);
  const images = nth(inputs.taps, 0);
  const u = patches.forward(k, { images }, { patchSize }).out;
  const [B = 0, N = 0, length = 0] = u.shape;
  const C = axis(images.shape, 1);
  const x = k.reshape(k.permute(k.reshape(u, [B, N, C, length / C]), [0, 1, 3, 2]), u.shape);
  return linear.forward(k, { x, params: { weight: k.reshape(weight, [axis(weight.shape, 0), length]), bias } }).out;
}

const forward: readonly ForwardVariant[] = [
  {
    part: "forward",
    name: "patch-order-column-major",
    instead: "the patches are numbered column by column",
    reason: "height and width were exchanged when the grid was flattened",
    equation: "(E1)",
    steps: ["patch_embed"],
    wrong: (k, inputs, { model: { patchSize } }) => columnMajor(k, patchOp(patchSize).forward(k, inputs)),
  },
  {
    part: "forward",
    name: "patch-pixels-channel-last",
    instead: "the numbers of a patch are in the order row, column, channel",
    reason: "images in NHWC were cut and flattened for a kernel that is stored as [D, C, p, p]",
    equation: "(E1)",
    steps: ["patch_embed"],
    wrong: (k, inputs, { model: { patchSize } }) => channelLast(k, inputs, patchSize),
  },
  {
    part: "forward",
    name: "position-missing-on-prefix",
    instead: "the position is added to the patches only",
    reason: "positions were added before the class token was prepended",
    equation: "(E2), (E3)",
    steps: ["embed"],
    wrong: (k, { taps, weights }, { model }) => {
      const [P, T] = [prefixCount(model), tokenCount(model)];
      const ofPatches = (w: Tensor, i: number): Tensor => (i === POSITION ? k.pad(k.slice(w, 1, P, T), 1, P, T) : w);
      return embedOp.forward(k, { taps, weights: weights.map(ofPatches) });
    },
  },
  {
    part: "forward",
    name: "position-missing",
    instead: "no position is added",
    reason: "the position embedding exists, but was never added to the tokens",
    equation: "(E2), (E3)",
    steps: ["embed"],
    wrong: (k, { taps, weights }) => embedOp.forward(k, { taps, weights: weights.map((w, i) => (i === POSITION ? k.zeros(w.shape) : w)) }),
  },
  {
    part: "forward",
    name: "distillation-token-last",
    instead: "the tokens are [cls; E; dist]",
    reason: "figure 2 of the paper draws the distillation token at the end; the code has it second",
    equation: "(E3)",
    steps: ["embed"],
    wrong: (k, inputs) => {
      const [cls, pos] = [nth(inputs.weights, 0), nth(inputs.weights, POSITION)];
      const dist = inputs.weights[POSITION + 1];
      if (dist === undefined) return embedOp.forward(k, inputs);
      const x = prefixTokens.forward(k, { patches: nth(inputs.taps, 0), tokens: [cls] }).out;
      const row = k.expandLeading(k.reshape(dist, [1, axis(x.shape, 2)]), axis(x.shape, 0));
      return addPosition.forward(k, { x: k.concat([x, row], 1), pos }).out;
    },
  },
];

const backward: readonly BackwardVariant[] = [
  {
    part: "backward",
    name: "position-grad-mean",
    instead: "the gradient of pos_embed is the mean over the batch",
    reason: "a broadcast axis was reduced by a mean instead of a sum",
    equation: "(G16)",
    steps: ["embed"],
    wrong: (k, inputs, dX) => {
      const { taps, weights } = embedOp.vjp(k, inputs, dX);
      const meanOf = (d: Tensor, i: number): Tensor => (i === POSITION ? k.scale(d, 1 / axis(dX.shape, 0)) : d);
      return { taps, weights: weights.map(meanOf) };
    },
  },
];

export const embeddingVariants: readonly (ForwardVariant | BackwardVariant)[] = [...forward, ...backward];
