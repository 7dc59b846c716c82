/**
 * Post-norm: the sum is normalised, as in the first transformer (Vaswani et al. 2017, section 3.1), and not the branch's input.
 *
 *   right  (E11)  X′ = X + m ⊙ MSA(LN₁(X))             (E12)  X⁺ = X′ + m ⊙ FFN(LN₂(X′))
 *   wrong         X′ = LN₁(X + m ⊙ MSA(X))                    X⁺ = LN₂(X′ + m ⊙ FFN(X′))
 *
 * The taps of such a block are what its author shows under their names: `norm1` is X′; `mid` may be X′ as well, one of the two sums, and the second
 * half may be right. So it has several forms.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { nth, type StepInputs } from "../steps/stepOps.ts";
import { blockOf, kindOf, type Step } from "../steps/steps.ts";
import { sum } from "./residual.ts";
import type { ForwardVariant, Place, Wiring } from "./variant.ts";

/** How one step of the block is computed, and from what. */
interface Rewritten {
  readonly reads: readonly string[];
  readonly weights?: readonly string[];
  /** The branch whose multiplier it needs. */
  readonly branch?: string;
  readonly wrong: ForwardVariant["wrong"];
}

/** The steps of a block by kind; x is the block's input, b the block. */
type Form = (x: string, b: string) => { readonly [kind: string]: Rewritten };

function normOfSum(k: Kernels, inputs: StepInputs, place: Place): Tensor {
  const [weight, bias] = [nth(inputs.weights, 0), nth(inputs.weights, 1)];
  return layerNorm.forward(k, { x: sum(k, inputs, place), params: { weight, bias } }, { eps: place.model.layerNormEps }).out;
}

const same: ForwardVariant["wrong"] = (_, { taps }) => nth(taps, 0);
const asItIs: ForwardVariant["wrong"] = (k, inputs, { step }) => step.forward(k, inputs);

const normOf = (b: string, norm: "norm1" | "norm2", reads: readonly string[], branch: string): Rewritten => ({
  reads,
  weights: [`${b}.${norm}.weight`, `${b}.${norm}.bias`],
  branch,
  wrong: normOfSum,
});

/** The first half; X′ is `norm1`, of a sum of its own. */
const ofOwnSum: Form = (x, b) => ({
  norm1: normOf(b, "norm1", [x, `${b}.attn`], `${b}.attn`),
  "attn.qkv": { reads: [x], wrong: asItIs },
});

/** The same with `mid` as the sum that LN₁ reads. */
const ofMid: Form = (x, b) => ({
  norm1: { reads: [`${b}.mid`], wrong: asItIs },
  "attn.qkv": { reads: [x], wrong: asItIs },
});

/** `mid` is X′. */
const midIsNormalised: Form = (_, b) => ({ mid: { reads: [`${b}.norm1`], wrong: same } });

/** The second half as it should be, on X′ in the place of `mid`. */
const rightHalf: Form = (_, b) => ({
  norm2: { reads: [`${b}.norm1`], wrong: asItIs },
  block: { reads: [`${b}.norm1`, `${b}.mlp`], wrong: asItIs },
});

/** The second half, post-norm as well; X⁺ is `norm2` and the block's output. */
const postNormHalf: Form = (_, b) => ({
  norm2: normOf(b, "norm2", [`${b}.norm1`, `${b}.mlp`], `${b}.mlp`),
  "mlp.fc1": { reads: [`${b}.norm1`], wrong: asItIs },
  block: { reads: [`${b}.norm2`], wrong: same },
});

/** The same with `mid` as the sum that LN₂ reads. */
const postNormOfMid: Form = (_, b) => ({
  mid: { reads: [`${b}.norm1`, `${b}.mlp`], branch: `${b}.mlp`, wrong: sum },
  "mlp.fc1": { reads: [`${b}.norm1`], wrong: asItIs },
  block: { reads: [`${b}.norm2`], wrong: same },
});

const formOf =
  (...forms: readonly Form[]): Form =>
  (x, b) =>
    Object.assign({}, ...forms.map((form) => form(x, b)));

const FORMS: readonly Form[] = [
  formOf(ofOwnSum, midIsNormalised, postNormHalf),
  formOf(ofMid, postNormHalf),
  formOf(ofOwnSum, postNormHalf),
  formOf(ofOwnSum, postNormOfMid),
  formOf(ofOwnSum, midIsNormalised),
  formOf(ofMid, rightHalf),
  formOf(ofOwnSum, rightHalf),
  ofOwnSum,
];

/** The input of a block, by the name of its tap. */
function inputOf(b: string): string {
  const i = Number(b.split(".")[1]);
  return i === 0 ? "embed" : `blocks.${i - 1}`;
}

const rewrittenIn = (form: Form, step: Pick<Step, "tap">): Rewritten | undefined =>
  form(inputOf(blockOf(step.tap)), blockOf(step.tap))[kindOf(step.tap)];

function variantOf(form: Form): ForwardVariant {
  const rewired = (step: Step): Partial<Wiring> => {
    const { reads = step.reads, weights = step.weights, branch } = rewrittenIn(form, step) ?? {};
    return { reads, weights, given: branch === undefined ? step.given : [`dropPath/${branch}`] };
  };
  return {
    part: "forward",
    name: "post-norm",
    instead: "the sum is normalised, LN(X + branch), and the branch reads X",
    reason: "it is the order of the first transformer and of BERT; ViT and DeiT normalise what the branch reads",
    equation: "(E11), (E12)",
    steps: Object.keys(form("embed", "blocks.0")),
    together: true,
    rewired,
    wrong: (k, inputs, place) => (rewrittenIn(form, place.step)?.wrong ?? asItIs)(k, inputs, place),
  };
}

export const postNormVariants: readonly ForwardVariant[] = FORMS.map(variantOf);
