/**
 * The two sums of a block and their VJP, as they are often written wrong. m is the drop-path multiplier of a branch (E31).
 *
 *   (E11)  X′ = X + m ⊙ MSA(LN₁(X))                the step `mid`
 *   (E12)  X⁺ = X′ + m ⊙ FFN(LN₂(X′))              the block's output
 *   (G14)  X̄ = X̄⁺ + the cotangent that the branch sends back
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { residual } from "../../ops/residual.ts";
import { axis, type Tensor } from "../../tensor/tensor.ts";
import { nth, type StepInputs } from "../steps/stepOps.ts";
import { blockOf, type Step } from "../steps/steps.ts";
import type { BackwardVariant, ForwardVariant, StepContext } from "./variant.ts";

const steps = ["mid", "block"];

/** 1 where a multiplier is not 0. */
function kept(k: Kernels, multiplier: Tensor): Tensor {
  const dropped = k.step(k.scale(multiplier, -1));
  return k.addScalar(k.scale(dropped, -1), 1);
}

/** x + m ⊙ branch. */
export const sum = (k: Kernels, { taps }: StepInputs, { multiplier }: Pick<StepContext, "multiplier">): Tensor =>
  residual.forward(k, { x: nth(taps, 0), branch: nth(taps, 1) }, { multiplier }).out;

/** The norm before the branch of a sum: LN₁ for the sum after attention, LN₂ for the sum after the feed-forward part. */
const normBefore = (step: Step): string => `${blockOf(step.tap)}.${step.tap.endsWith(".mid") ? "norm1" : "norm2"}`;

/** X + pos, [B, T, D]; pos is [1, T, D]. */
function positioned(k: Kernels, x: Tensor, pos: Tensor): Tensor {
  return k.add(x, k.reshape(pos, [axis(x.shape, 1), axis(x.shape, 2)]));
}

const forward: readonly ForwardVariant[] = [
  {
    part: "forward",
    name: "residual-missing",
    instead: "the output is the branch alone",
    reason: "x was overwritten by the branch instead of being added to it",
    equation: "(E11), (E12)",
    steps,
    wrong: (k, { taps }, context) => sum(k, { taps: [k.zeros(nth(taps, 0).shape), nth(taps, 1)], weights: [] }, context),
  },
  {
    part: "forward",
    name: "residual-from-norm",
    instead: "the branch is added to its own normalised input, LN(x) + branch",
    reason: "x was overwritten by its norm before the sum",
    equation: "(E11), (E12)",
    steps,
    rewired: (step) => ({ reads: [normBefore(step), ...step.reads.slice(1)] }),
    wrong: sum,
  },
  {
    part: "forward",
    name: "drop-path-unscaled",
    instead: "a branch that is not dropped is not divided by 1 − r",
    reason: "the paper on stochastic depth scales at test time instead; timm scales during training",
    equation: "(E31)",
    steps,
    wrong: (k, inputs, { multiplier }) => sum(k, inputs, { multiplier: multiplier === null ? null : kept(k, multiplier) }),
  },
  {
    part: "forward",
    name: "position-added-again",
    instead: "the block reads X + pos, with the position embedding added once more",
    reason: "some detection transformers add positions in every block",
    equation: "(E3), (E11)",
    steps: ["norm1", "mid"],
    together: true,
    requiredTaps: (taps) => ([...taps].every((tap) => blockOf(tap) === "blocks.0") ? ["embed"] : []), // adding positions twice at the embedding gives the same values in the first block
    rewired: (step) => ({ weights: [...step.weights, "pos_embed"] }),
    wrong: (k, { taps: [x, ...others], weights }, { step, multiplier }) => {
      const taps = x === undefined ? others : [positioned(k, x, nth(weights, weights.length - 1)), ...others];
      return step.tap.endsWith(".mid") ? sum(k, { taps, weights: [] }, { multiplier }) : step.forward(k, { taps, weights });
    },
  },
];

const backward: readonly BackwardVariant[] = [
  {
    part: "backward",
    name: "residual-vjp-missing",
    instead: "only the branch sends a cotangent back to x",
    reason: "the sum was differentiated as if x reached it through the branch alone",
    equation: "(G14)",
    steps,
    wrong: (k, inputs, dy, { step }) => {
      const [x, branch] = step.vjp(k, inputs, dy).taps;
      return { taps: [x, branch].map((d, i) => (i === 0 ? k.zeros(nth(inputs.taps, 0).shape) : (d ?? dy))), weights: [] };
    },
  },
];

export const residualVariants: readonly (ForwardVariant | BackwardVariant)[] = [...forward, ...backward];
