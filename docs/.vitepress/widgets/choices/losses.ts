/** Disputed choices about losses and heads. */
import { hostArray } from "deit/check";
import {
  crossEntropy,
  divergence,
  hardDistillation,
  meanOfLogits,
  reverseDivergence,
  smoothOverAll,
  smoothOverOthers,
  softmax,
  sumOfSoftmax,
  usualSoftDistillation,
  type Divisor,
  type Kernels,
  type Tensor,
} from "deit";
import { numberOf, onEngine, type Choice, type Way } from "./choice.ts";

const row = (...numbers: readonly number[]): ReturnType<typeof hostArray> => hostArray([1, numbers.length], numbers);

/** A loss and its gradients in one row. */
const joined = (k: Kernels, loss: Tensor, ...gradients: readonly Tensor[]): Tensor => k.concat([k.reshape(loss, [1, 1]), ...gradients], 1);
const one = (k: Kernels): Tensor => k.upload([], [1]);
/** One-hot for the first class. */
const first = (k: Kernels, K: number): Tensor => smoothOverAll(k, k.upload([1], [0]), K, 0);

const fusion: Choice = {
  inputs: new Map([["z_c", row(6, 0, 0)], ["z_d", row(-10, 0.1, 0)]]), // prettier-ignore
  result: { en: "Probabilities from the fused scores", zh: "由融合后的得分得到的概率" },
  columns: { en: ["class 0", "class 1", "class 2"], zh: ["类 0", "类 1", "类 2"] },
  ways: [
    {
      by: { en: "The authors' code: σ(½(z_c + z_d))", zh: "作者代码：σ(½(z_c + z_d))" },
      compute: onEngine(
        (k, of) =>
          softmax.forward(k, { z: meanOfLogits.forward(k, { head: of("z_c"), head_dist: of("z_d") }, undefined).out }, undefined).out,
      ),
    },
    {
      by: { en: "The paper: ½(σ(z_c) + σ(z_d))", zh: "论文：½(σ(z_c) + σ(z_d))" },
      compute: onEngine((k, of) => k.scale(sumOfSoftmax.forward(k, { head: of("z_c"), head_dist: of("z_d") }, undefined).out, 0.5)),
    },
  ],
};

/** The largest K that a reader may choose. */
const LARGEST = 100_000;

const smoothing = (by: Way["by"], smooth: typeof smoothOverAll): Way => ({
  by,
  compute: onEngine((k, _, inputs) => {
    const K = numberOf(inputs, "K");
    if (!(Number.isInteger(K) && K >= 2 && K <= LARGEST)) throw new RangeError(`K must be a whole number from 2 to ${LARGEST}`);
    return k.slice(smooth(k, k.upload([1], [0]), K, numberOf(inputs, "ε")), 1, 0, 2);
  }),
});

const smoothedLabels: Choice = {
  inputs: new Map([["K", row(1000)], ["ε", row(0.1)]]), // prettier-ignore
  result: { en: "q of the right class, and of each other class", zh: "正确类别的 q，以及其他每一类的 q" },
  columns: { en: ["right class", "another class"], zh: ["正确类别", "其他类别"] },
  ways: [
    smoothing({ en: "The authors' code and timm (E20): over all K classes", zh: "作者代码与 timm(E20)：分给全部 K 类" }, smoothOverAll),
    smoothing({ en: "The paper's sentence (E21): over the other K − 1", zh: "论文的文字(E21)：分给其余 K − 1 类" }, smoothOverOthers),
  ],
};

const pair = new Map([["z_s", row(1, 0, -1)], ["z_t", row(4, 1, -2)], ["τ", row(3)]]); // prettier-ignore
const divergenceColumns = { en: ["τ² KL", "∂z₀", "∂z₁", "∂z₂"], zh: ["τ² KL", "∂z₀", "∂z₁", "∂z₂"] };
const divergenceResult = { en: "The term, and its gradient by the student's logits", zh: "该项的值，以及它对学生 logits 的梯度" };

const kl = (by: Way["by"], op: typeof divergence, divideBy: Divisor): Way => ({
  by,
  compute: onEngine((k, of, inputs) => {
    const { out, saved } = op.forward(k, { student: of("z_s") }, { teacher: of("z_t"), tau: numberOf(inputs, "τ"), divideBy });
    return joined(k, out, op.vjp(k, saved, one(k)).student);
  }),
});

const direction: Choice = {
  inputs: pair,
  result: divergenceResult,
  columns: divergenceColumns,
  ways: [
    kl({ en: "The code: KL(teacher‖student)", zh: "代码：KL（教师‖学生）" }, divergence, "batch"),
    kl(
      { en: "The paper's notation, read literally: KL(student‖teacher)", zh: "按论文记号的字面：KL（学生‖教师）" },
      reverseDivergence,
      "batch",
    ),
  ],
};

const scale: Choice = {
  inputs: pair,
  result: divergenceResult,
  columns: divergenceColumns,
  ways: [
    kl({ en: "The paper and timm: ÷ B (E23)", zh: "论文与 timm：÷ B(E23)" }, divergence, "batch"),
    kl({ en: "The authors' code: ÷ (B·K) (E24)", zh: "作者代码：÷ (B·K)(E24)" }, divergence, "batch*classes"),
  ],
};

const weighted = (by: Way["by"], lambda: number, tau: number): Way => ({
  by,
  compute: onEngine((k, of) => {
    const attrs = { target: first(k, 3), teacher: of("z_t"), tau, lambda, divideBy: "batch", direction: "teacher-first" } as const;
    const { out, saved } = usualSoftDistillation.forward(k, { head: of("z_s") }, attrs);
    return joined(k, out, usualSoftDistillation.vjp(k, saved, one(k)).head);
  }),
});

const balance: Choice = {
  inputs: new Map([["z_s", row(1, 0, -1)], ["z_t", row(4, 1, -2)]]), // prettier-ignore
  result: { en: "The loss for class 0, and its gradient by the logits", zh: "类别 0 的损失，以及它对 logits 的梯度" },
  columns: { en: ["loss", "∂z₀", "∂z₁", "∂z₂"], zh: ["损失", "∂z₀", "∂z₁", "∂z₂"] },
  ways: [
    weighted({ en: "The paper: λ = 0.1, τ = 3", zh: "论文：λ = 0.1，τ = 3" }, 0.1, 3),
    weighted({ en: "ICML's text: or τ = 1", zh: "ICML 版：或 τ = 1" }, 0.1, 1),
    weighted({ en: "Defaults of the code: λ = 0.5, τ = 1", zh: "代码默认值：λ = 0.5，τ = 1" }, 0.5, 1),
  ],
};

const fineTuning: Choice = {
  inputs: new Map([["z_c", row(2, 0, 0)], ["z_d", row(0, 1, 0)], ["z_t", row(0, 3, 0)]]), // prettier-ignore
  result: { en: "The loss for class 0, and its gradients by both logits", zh: "类别 0 的损失，以及它对两组 logits 的梯度" },
  columns: {
    en: ["loss", "∂z_c₀", "∂z_c₁", "∂z_c₂", "∂z_d₀", "∂z_d₁", "∂z_d₂"],
    zh: ["损失", "∂z_c₀", "∂z_c₁", "∂z_c₂", "∂z_d₀", "∂z_d₁", "∂z_d₂"],
  },
  ways: [
    {
      by: { en: "The paper: both targets, hard distillation (E26)", zh: "论文：两个目标，硬蒸馏(E26)" },
      compute: onEngine((k, of) => {
        const attrs = { target: first(k, 3), teacher: of("z_t"), alpha: 0.5 };
        const { out, saved } = hardDistillation.forward(k, { head: of("z_c"), head_dist: of("z_d") }, attrs);
        const { head, head_dist } = hardDistillation.vjp(k, saved, one(k));
        return joined(k, out, head, head_dist);
      }),
    },
    {
      by: { en: "The authors' code: labels only, on the mean of both logits", zh: "作者代码：只用标签，作用于两组 logits 的平均" },
      compute: onEngine((k, of) => {
        const mean = meanOfLogits.forward(k, { head: of("z_c"), head_dist: of("z_d") }, undefined);
        const { out, saved } = crossEntropy.forward(k, { logits: mean.out }, { target: first(k, 3) });
        const { head, head_dist } = meanOfLogits.vjp(k, mean.saved, crossEntropy.vjp(k, saved, one(k)).logits);
        return joined(k, out, head, head_dist ?? k.zeros([1, 3]));
      }),
    },
  ],
};

export const losses: Readonly<Record<string, Choice>> = {
  fusion,
  smoothing: smoothedLabels,
  "kl-direction": direction,
  "kl-scale": scale,
  "lambda-tau": balance,
  "finetune-distillation": fineTuning,
};
