/**
 * LayerNorm and its VJP, as they are often written wrong.
 *
 *   (E4)   y = γ ⊙ (x − μ)/√(v + ε) + β                           mean μ and variance v over D, ε = 1e-6 inside the root
 *   (G10)  x̄ = r ⊙ (h − mean_D(h) − x̂ ⊙ mean_D(h ⊙ x̂))            h = ȳ ⊙ γ
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { layerNorm, type LayerNormSaved } from "../../ops/layerNorm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { nth, paramsOf, type StepInputs } from "../steps/stepOps.ts";
import type { BackwardVariant, ForwardVariant, StepContext } from "./variant.ts";

const steps = ["norm1", "norm2", "norm"];

const withEps = (k: Kernels, inputs: StepInputs, eps: number): Tensor =>
  layerNorm.forward(k, { x: nth(inputs.taps, 0), params: paramsOf(inputs) }, { eps }).out;

/** y with another deviation, computed from the variance, instead of √(v + ε). */
function dividedBy(k: Kernels, inputs: StepInputs, deviationOf: (variance: Tensor) => Tensor): Tensor {
  const { weight: gamma, bias: beta } = paramsOf(inputs);
  const x = nth(inputs.taps, 0);
  const centred = k.sub(x, k.meanLast(x));
  const deviation = deviationOf(k.meanLast(k.square(centred)));
  return k.add(k.mul(k.div(centred, deviation), gamma), beta);
}

const forward: readonly ForwardVariant[] = [
  {
    part: "forward",
    name: "layernorm-eps-1e-5",
    instead: "ε = 1e-5 is used",
    reason: "1e-5 is the default of the frameworks' LayerNorm; ViT and DeiT set 1e-6",
    equation: "(E4)",
    steps,
    wrong: (k, inputs) => withEps(k, inputs, 1e-5),
  },
  {
    part: "forward",
    name: "layernorm-eps-1e-12",
    instead: "ε = 1e-12 is used",
    reason: "1e-12 is the default of Hugging Face's ViT and BERT configurations",
    equation: "(E4)",
    steps,
    wrong: (k, inputs) => withEps(k, inputs, 1e-12),
  },
  {
    part: "forward",
    name: "layernorm-unbiased",
    instead: "the variance is divided by D − 1",
    reason: "std() and var() of several frameworks are unbiased by default",
    equation: "(E4)",
    steps,
    wrong: (k, inputs, { model: { width: D, layerNormEps: eps } }) =>
      dividedBy(k, inputs, (v) => k.sqrt(k.addScalar(k.scale(v, D / (D - 1)), eps))),
  },
  {
    part: "forward",
    name: "layernorm-eps-outside-root",
    instead: "ε is added to the deviation, (x − μ)/(√v + ε)",
    reason: "some tutorials write it so; the formula adds it to the variance",
    equation: "(E4)",
    steps,
    wrong: (k, inputs, { model: { layerNormEps: eps } }) => dividedBy(k, inputs, (v) => k.addScalar(k.sqrt(v), eps)),
  },
  {
    part: "forward",
    name: "layernorm-missing",
    instead: "a branch reads x without the norm",
    reason: "the norm before the branch was left out",
    equation: "(E4), (E11), (E12)",
    steps: ["norm1", "norm2"],
    wrong: (_, { taps }) => nth(taps, 0),
  },
  {
    part: "forward",
    name: "final-norm-missing",
    instead: "the heads read the last block's output without the norm",
    reason: "a post-norm transformer has no norm there; a pre-norm transformer needs it",
    equation: "(E13)",
    steps: ["norm"],
    wrong: (_, { taps }) => nth(taps, 0),
  },
  {
    part: "forward",
    name: "layernorm-affine-missing",
    instead: "the output is x̂, without γ and β",
    reason: "elementwise_affine=False, or a hand-written norm without parameters",
    equation: "(E4)",
    steps,
    wrong: (k, inputs, { model: { width: D, layerNormEps: eps } }) => {
      const unit = { weight: k.upload([D], new Float64Array(D).fill(1)), bias: k.zeros([D]) };
      return layerNorm.forward(k, { x: nth(inputs.taps, 0), params: unit }, { eps }).out;
    },
  },
];

/** The right gradients of γ and β, and a wrong x̄. */
function withInputGradient(
  k: Kernels,
  inputs: StepInputs,
  dy: Tensor,
  { model: { layerNormEps: eps } }: StepContext,
  dxOf: (saved: LayerNormSaved, h: Tensor) => Tensor,
): StepInputs {
  const { saved } = layerNorm.forward(k, { x: nth(inputs.taps, 0), params: paramsOf(inputs) }, { eps });
  const { weight, bias } = layerNorm.vjp(k, saved, dy).params;
  return { taps: [dxOf(saved, k.mul(dy, saved.gamma))], weights: [weight, bias] };
}

const backward: readonly BackwardVariant[] = [
  {
    part: "backward",
    name: "layernorm-vjp-mean-dropped",
    instead: "x̄ = r ⊙ (h − x̂ ⊙ mean(h ⊙ x̂)): the term mean(h) is missing",
    reason: "μ was treated as a constant when the gradient was derived",
    equation: "(G10)",
    steps,
    wrong: (k, inputs, dy, context) =>
      withInputGradient(k, inputs, dy, context, ({ xHat, rstd }, h) => k.mul(k.sub(h, k.mul(xHat, k.meanLast(k.mul(h, xHat)))), rstd)),
  },
  {
    part: "backward",
    name: "layernorm-vjp-projection-dropped",
    instead: "x̄ = r ⊙ (h − mean(h)): the term x̂ ⊙ mean(h ⊙ x̂) is missing",
    reason: "the deviation was treated as a constant when the gradient was derived",
    equation: "(G10)",
    steps,
    wrong: (k, inputs, dy, context) => withInputGradient(k, inputs, dy, context, ({ rstd }, h) => k.mul(k.sub(h, k.meanLast(h)), rstd)),
  },
  {
    part: "backward",
    name: "layernorm-vjp-gamma-missing",
    instead: "h = ȳ: the factor γ is missing in x̄",
    reason: "the cotangent of y was used as that of x̂, without the factor γ",
    equation: "(G10)",
    steps,
    wrong: (k, inputs, dy, context) =>
      withInputGradient(k, inputs, dy, context, ({ xHat, rstd }) => {
        const [mean, projection] = [k.meanLast(dy), k.mul(xHat, k.meanLast(k.mul(dy, xHat)))];
        return k.mul(k.sub(k.sub(dy, mean), projection), rstd);
      }),
  },
];

export const layerNormVariants: readonly (ForwardVariant | BackwardVariant)[] = [...forward, ...backward];
