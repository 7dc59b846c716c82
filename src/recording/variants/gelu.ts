/**
 * The activation and its derivative, as they are often written wrong.
 *
 *   (E9)   GELU(x) = x Φ(x)                       Φ by the error function
 *   (E10)  FFN(x) = GELU(x W1ᵀ + b1) W2ᵀ + b2
 *   (G11)  GELU′(x) = Φ(x) + x exp(−x²/2)/√(2π)
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { nth } from "../steps/stepOps.ts";
import type { BackwardVariant, ForwardVariant } from "./variant.ts";

const steps = ["mlp.gelu"];

/** The constants of both approximations of GELU (Hendrycks and Gimpel 2016, section 2). */
const CUBIC = 0.044715;
const SLOPE = 1.702;

const ones = (k: Kernels, t: Tensor): Tensor => k.addScalar(k.scale(t, 0), 1);

/** 1/(1 + e^(−u)) */
const logistic = (k: Kernels, u: Tensor): Tensor => k.div(ones(k, u), k.addScalar(k.exp(k.scale(u, -1)), 1));

/** ½(1 + tanh u) is the logistic function of 2u. */
function tanhForm(k: Kernels, x: Tensor): Tensor {
  const cube = k.mul(k.square(x), x);
  return k.mul(x, logistic(k, k.scale(k.add(x, k.scale(cube, CUBIC)), 2 * Math.sqrt(2 / Math.PI))));
}

export const geluVariants: readonly (ForwardVariant | BackwardVariant)[] = [
  {
    part: "forward",
    name: "gelu-tanh",
    instead: "the tanh approximation ½x(1 + tanh(√(2/π)(x + 0.044715x³))) is used",
    reason: "it is GPT-2's GELU, and the default of some frameworks; DeiT's is the exact one",
    equation: "(E9)",
    steps,
    wrong: (k, { taps }) => tanhForm(k, nth(taps, 0)),
  },
  {
    part: "forward",
    name: "gelu-quick",
    instead: "x · sigmoid(1.702x) is used",
    reason: "it is CLIP's QuickGELU, ported along with a ViT",
    equation: "(E9)",
    steps,
    wrong: (k, { taps }) => k.mul(nth(taps, 0), logistic(k, k.scale(nth(taps, 0), SLOPE))),
  },
  {
    part: "forward",
    name: "relu",
    instead: "max(x, 0) is used",
    reason: "ReLU is the default activation of the frameworks' transformer layers",
    equation: "(E9)",
    steps,
    wrong: (k, { taps }) => k.mul(nth(taps, 0), k.step(nth(taps, 0))),
  },
  {
    part: "forward",
    name: "activation-missing",
    instead: "the feed-forward part has no activation",
    reason: "the call between the two linear maps was left out",
    equation: "(E10)",
    steps,
    wrong: (_, { taps }) => nth(taps, 0),
  },
  {
    part: "backward",
    name: "gelu-vjp-factor",
    instead: "the density is evaluated at x/√2: Φ(x) + x exp(−x²/4)/√(2π)",
    reason: "the argument of erf, x/√2, was reused in the density",
    equation: "(G11)",
    steps,
    wrong: (k, { taps }, dy) => {
      const x = nth(taps, 0);
      const density = k.scale(k.exp(k.scale(k.square(x), -1 / 4)), 1 / Math.sqrt(2 * Math.PI));
      return { taps: [k.mul(dy, k.add(k.normalCdf(x), k.mul(x, density)))], weights: [] };
    },
  },
];
