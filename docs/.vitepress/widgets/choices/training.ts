/** Disputed choices about data and training. */
import { hostArray } from "deit/check";
import {
  decaysOf,
  delayedLearningRate,
  drawMix,
  dropPathMultipliers,
  dropPathRates,
  emaLeaf,
  fold,
  geometryOf,
  keyOf,
  learningRate,
  type Convention,
  type DecayRule,
  type MixingSettings,
  type Schedule,
} from "deit";
import { viewsPerReplica } from "../../../../src/data/loader/sampler.ts";
import { numberOf, onEngine, onHost, type Choice, type Way } from "./choice.ts";

const one = (x: number): ReturnType<typeof hostArray> => hostArray([1], [x]);

/** DeiT-B's schedule (deit.md 7.2). */
const schedule: Schedule = { base: 1e-3, min: 1e-5, warmup: 1e-6, warmupEpochs: 5, epochs: 300 };
const IMAGENET = 1_281_167;
const BATCH = 1024;
const stepsOf = (batch: number): number => Math.floor(viewsPerReplica(IMAGENET, { repeats: 3, replicas: 1 }) / batch);

const DRAWS = 2000;
const mixing = (by: Way["by"], settings: MixingSettings): Way => ({
  by,
  compute: onHost((inputs) => {
    const key = fold(keyOf(numberOf(inputs, "seed")), "mix");
    const drawn = Array.from({ length: DRAWS }, (_, i) => drawMix(fold(key, i), settings, 224));
    const share = (kind: string): number => drawn.filter((mix) => mix.kind === kind).length / DRAWS;
    const foreign = drawn.map((mix) => (mix.kind === "none" ? 0 : Math.min(mix.lambda, 1 - mix.lambda)));
    return [share("none"), share("mixup"), share("cutmix"), foreign.reduce((a, b) => a + b, 0) / DRAWS];
  }),
});

const probabilities: Choice = {
  inputs: new Map([["seed", one(0)]]),
  result: {
    en: "Shares of 2000 draws, and the mean of the smaller of λ and 1 − λ",
    zh: "2000 次抽取中的比例，以及 λ 与 1 − λ 中较小者的平均",
  },
  columns: { en: ["not mixed", "Mixup", "CutMix", "smaller share"], zh: ["不混合", "Mixup", "CutMix", "较小份额"] },
  ways: [
    mixing(
      { en: "The code: α = 0.8 and 1.0, always mixed, CutMix in half", zh: "代码：α = 0.8 与 1.0，总是混合，一半用 CutMix" },
      { mixup: 0.8, cutmix: 1, probability: 1, cutmixShare: 0.5, group: 64 },
    ),
    mixing(
      { en: "Table 9 read as a probability: α = 1, mixed in 0.8", zh: "把表 9 当作概率：α = 1，以 0.8 的概率混合" },
      { mixup: 1, cutmix: 1, probability: 0.8, cutmixShare: 0.5, group: 64 },
    ),
  ],
};

const cropped = (by: Way["by"], convention: Convention): Way => ({
  by,
  compute: onHost((inputs) => {
    const size = { width: numberOf(inputs, "width"), height: numberOf(inputs, "height") };
    if (!Object.values(size).every((n) => Number.isInteger(n) && n > 0))
      throw new RangeError("width and height must be whole numbers from 1");
    const { resized, crop } = geometryOf(size, 224, convention);
    return [resized.width, resized.height, crop.left, crop.top, (crop.width * crop.height) / (resized.width * resized.height)];
  }),
});

const evaluationCrop: Choice = {
  inputs: new Map([["width", one(500)], ["height", one(375)]]), // prettier-ignore
  result: {
    en: "For S = 224: the resized image, the crop's place, the share of the image seen",
    zh: "S = 224 时：缩放后的大小、裁剪位置、看到的比例",
  },
  columns: { en: ["width", "height", "left", "top", "seen"], zh: ["宽", "高", "左", "上", "看到"] },
  ways: [
    cropped({ en: "The authors' code: 224/0.875", zh: "作者代码：224/0.875" }, "deit"),
    cropped({ en: "timm: 224/0.9", zh: "timm:224/0.9" }, "timm"),
    cropped({ en: "timm at 384: no margin", zh: "timm 在 384 时：不留边" }, "timm-384"),
    cropped({ en: "Hugging Face: both sides to 256", zh: "Hugging Face：两边都缩放到 256" }, "hf"),
  ],
};

const EPOCHS = [0, 1, 2, 5, 6, 299];
const rates = (by: Way["by"], rate: typeof learningRate): Way => ({
  by,
  compute: onHost((inputs) => EPOCHS.map((epoch) => 1000 * rate({ ...schedule, base: numberOf(inputs, "η") }, epoch))),
});

const warmUp: Choice = {
  inputs: new Map([["η", one(schedule.base)]]),
  result: { en: "1000 × the learning rate of epoch e", zh: "第 e 轮的学习率 × 1000" },
  columns: { en: EPOCHS.map((e) => `e = ${e}`), zh: EPOCHS.map((e) => `e = ${e}`) },
  ways: [
    rates({ en: "The paper and timm: f(e), five epochs", zh: "论文与 timm：f(e)，五轮" }, learningRate),
    rates({ en: "The authors' code at work: f(e − 1), six epochs", zh: "作者代码实际执行：f(e − 1)，六轮" }, delayedLearningRate),
  ],
};

const AFTER = [1, 30, 300];
const decayed = (by: Way["by"], rule: DecayRule): Way => ({
  by,
  compute: onHost((inputs) => {
    const decay = decaysOf(rule)("dist_token", [1, 1, 192]) ? numberOf(inputs, "wd") : 0;
    const factor = (epoch: number): number => (1 - learningRate(schedule, epoch) * decay) ** stepsOf(BATCH);
    return AFTER.map((epochs) => Array.from({ length: epochs }, (_, epoch) => factor(epoch)).reduce((a, b) => a * b, 1));
  }),
});

const decay: Choice = {
  inputs: new Map([["wd", one(0.05)]]),
  result: { en: "What is left of the distillation token if it had no gradient", zh: "若没有梯度，蒸馏 token 还剩多少" },
  columns: { en: AFTER.map((n) => `after epoch ${n}`), zh: AFTER.map((n) => `${n} 轮后`) },
  ways: [
    decayed({ en: "The authors' code: decayed", zh: "作者代码：衰减" }, "deit"),
    decayed({ en: "timm now: not decayed", zh: "现在的 timm：不衰减" }, "timm"),
  ],
};

/** Steps of fine-tuning with batch 512, and the rate in the last epoch (deit.md 7.13). */
const fineTuned = (by: Way["by"], epochs: number): Way => ({
  by,
  compute: onHost(() => {
    const rate = learningRate({ base: 5e-6, min: 5e-6, warmup: 1e-6, warmupEpochs: 5, epochs }, epochs - 1);
    return [epochs * stepsOf(512), (epochs * stepsOf(512) * 512) / 1e6, 1e6 * rate];
  }),
});

const fineTuning: Choice = {
  inputs: new Map(),
  result: { en: "What the number of epochs means", zh: "轮数意味着什么" },
  columns: { en: ["steps", "million views", "10⁶ η, last epoch"], zh: ["步数", "百万视图", "最后一轮 10⁶ η"] },
  ways: [
    fineTuned({ en: "The authors' README: 30 epochs", zh: "作者的 README：30 轮" }, 30),
    fineTuned({ en: "The paper: 25 epochs", zh: "论文：25 轮" }, 25),
  ],
};

const SAMPLES = 10;
const mode: Choice = {
  inputs: new Map([["seed", one(0)]]),
  result: { en: "The multiplier m of the last block's attention branch, for ten samples", zh: "最后一块注意力分支的乘数 m，十个样本" },
  ways: [
    {
      by: { en: "Eval mode (January 2021): no drop path", zh: "评估模式（2021 年 1 月）：没有随机深度" },
      compute: onHost(() => Array.from({ length: SAMPLES }, () => 1)),
    },
    {
      by: { en: "Train mode (today's default): drop path 0.1", zh: "训练模式（现在的默认）：随机深度 0.1" },
      compute: onEngine((k, _, inputs) => {
        const multipliers = dropPathMultipliers(k, keyOf(numberOf(inputs, "seed")), dropPathRates(0.1, 12), SAMPLES);
        return k.reshape(multipliers?.at(-1)?.attn ?? k.zeros([SAMPLES]), [1, SAMPLES]);
      }),
    },
  ],
};

/** A weight that moves from 0 to 1 in one epoch. */
const average: Choice = {
  inputs: new Map([["1 − d", one(4e-5)]]),
  result: { en: "A weight that has moved evenly from 0 to 1 in an epoch of 1251 steps", zh: "一个权重在 1251 步的一轮中从 0 匀速移动到 1" },
  ways: [
    { by: { en: "The weights themselves", zh: "权重本身" }, compute: onHost(() => [1]) },
    {
      by: { en: "Their moving average (E37)", zh: "它的滑动平均(E37)" },
      compute: onEngine((k, _, inputs) => {
        const steps = stepsOf(BATCH);
        let average = k.upload([1, 1], [0]);
        for (let step = 1; step <= steps; step++)
          average = emaLeaf.run(
            k,
            { average, theta: k.upload([1, 1], [step / steps]), finite: null },
            { decay: 1 - numberOf(inputs, "1 − d") },
          );
        return average;
      }),
    },
  ],
};

export const training: Readonly<Record<string, Choice>> = {
  "mixing-probability": probabilities,
  "eval-crop": evaluationCrop,
  "warm-up": warmUp,
  "token-decay": decay,
  "finetune-epochs": fineTuning,
  "finetune-mode": mode,
  ema: average,
};
