/**
 * Post-norm: the sum is normalised instead of the branch's input, as in the original transformer (Vaswani et al. 2017, section 3.1).
 *
 *   right  (E11)  X′ = X + m ⊙ MSA(LN₁(X))             (E12)  X⁺ = X′ + m ⊙ FFN(LN₂(X′))
 *   wrong         X′ = LN₁(X + m ⊙ MSA(X))                    X⁺ = LN₂(X′ + m ⊙ FFN(X′))
 *
 * What such a block records under the names of the taps depends on its author: `norm1` is X′; `mid` may be X′ as well, or one of the two sums; and the
 * second half of the block may be right. So the variant has several rewrites of a block.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { nth, type StepInputs } from "../steps/stepOps.ts";
import { blockOf, kindOf, type Step } from "../steps/steps.ts";
import { sum } from "./residual.ts";
import type { ForwardVariant, StepContext, Wiring } from "./variant.ts";

/** One step of the block: what it reads, and how it is computed. */
interface RewrittenStep {
  readonly reads: readonly string[];
  readonly weights?: readonly string[];
  /** The branch whose drop-path multiplier it needs. */
  readonly branch?: string;
  readonly wrong: ForwardVariant["wrong"];
}

/** The steps of a block that differ, by kind; x is the tap that the block reads, b the name of the block. */
type BlockRewrite = (x: string, b: string) => { readonly [kind: string]: RewrittenStep };

function normOfSum(k: Kernels, inputs: StepInputs, context: StepContext): Tensor {
  const [weight, bias] = [nth(inputs.weights, 0), nth(inputs.weights, 1)];
  return layerNorm.forward(k, { x: sum(k, inputs, context), params: { weight, bias } }, { eps: context.model.layerNormEps }).out;
}

/** Gives the only tap that the step reads. */
const copied: ForwardVariant["wrong"] = (_, { taps }) => nth(taps, 0);
/** The step's own formula, on what it reads instead. */
const unchanged: ForwardVariant["wrong"] = (k, inputs, { step }) => step.forward(k, inputs);

const normOf = (b: string, norm: "norm1" | "norm2", reads: readonly string[], branch: string): RewrittenStep => ({
  reads,
  weights: [`${b}.${norm}.weight`, `${b}.${norm}.bias`],
  branch,
  wrong: normOfSum,
});

/** The first half: `norm1` is X′, and adds x and the branch itself. */
const sumInNorm: BlockRewrite = (x, b) => ({
  norm1: normOf(b, "norm1", [x, `${b}.attn`], `${b}.attn`),
  "attn.qkv": { reads: [x], wrong: unchanged },
});

/** The first half: `mid` is the sum, and `norm1`, which reads it, is X′. */
const sumInMid: BlockRewrite = (x, b) => ({
  norm1: { reads: [`${b}.mid`], wrong: unchanged },
  "attn.qkv": { reads: [x], wrong: unchanged },
});

/** `mid` is X′. */
const midIsNormalised: BlockRewrite = (_, b) => ({ mid: { reads: [`${b}.norm1`], wrong: copied } });

/** The right second half, with X′ instead of `mid`. */
const rightHalf: BlockRewrite = (_, b) => ({
  norm2: { reads: [`${b}.norm1`], wrong: unchanged },
  block: { reads: [`${b}.norm1`, `${b}.mlp`], wrong: unchanged },
});

/** The second half with post-norm as well: X⁺ is `norm2` and also the block's output. */
const postNormHalf: BlockRewrite = (_, b) => ({
  norm2: normOf(b, "norm2", [`${b}.norm1`, `${b}.mlp`], `${b}.mlp`),
  "mlp.fc1": { reads: [`${b}.norm1`], wrong: unchanged },
  block: { reads: [`${b}.norm2`], wrong: copied },
});

/** The same, where `mid` is the sum that LN₂ reads. */
const postNormOfMid: BlockRewrite = (_, b) => ({
  mid: { reads: [`${b}.norm1`, `${b}.mlp`], branch: `${b}.mlp`, wrong: sum },
  "mlp.fc1": { reads: [`${b}.norm1`], wrong: unchanged },
  block: { reads: [`${b}.norm2`], wrong: copied },
});

/** All of these rewrites; a later one wins. */
const combined =
  (...rewrites: readonly BlockRewrite[]): BlockRewrite =>
  (x, b) =>
    Object.assign({}, ...rewrites.map((rewrite) => rewrite(x, b)));

const REWRITES: readonly BlockRewrite[] = [
  combined(sumInNorm, midIsNormalised, postNormHalf),
  combined(sumInMid, postNormHalf),
  combined(sumInNorm, postNormHalf),
  combined(sumInNorm, postNormOfMid),
  combined(sumInNorm, midIsNormalised),
  combined(sumInMid, rightHalf),
  combined(sumInNorm, rightHalf),
  sumInNorm,
];

/** The input of a block, by the name of its tap. */
function inputOf(b: string): string {
  const i = Number(b.split(".")[1]);
  return i === 0 ? "embed" : `blocks.${i - 1}`;
}

const rewrittenIn = (rewrite: BlockRewrite, step: Pick<Step, "tap">): RewrittenStep | undefined =>
  rewrite(inputOf(blockOf(step.tap)), blockOf(step.tap))[kindOf(step.tap)];

function variantOf(rewrite: BlockRewrite): ForwardVariant {
  const rewired = (step: Step): Partial<Wiring> => {
    const { reads = step.reads, weights = step.weights, branch } = rewrittenIn(rewrite, step) ?? {};
    return { reads, weights, given: branch === undefined ? step.given : [`dropPath/${branch}`] };
  };
  return {
    part: "forward",
    name: "post-norm",
    instead: "the sum is normalised, LN(X + branch), and the branch reads X",
    reason: "the original transformer and BERT do so; ViT and DeiT normalise what the branch reads",
    equation: "(E11), (E12)",
    steps: Object.keys(rewrite("embed", "blocks.0")),
    together: true,
    rewired,
    wrong: (k, inputs, context) => (rewrittenIn(rewrite, context.step)?.wrong ?? unchanged)(k, inputs, context),
  };
}

export const postNormVariants: readonly ForwardVariant[] = REWRITES.map(variantOf);
