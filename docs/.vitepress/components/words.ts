/** The words of the widgets in both languages. */
import { useData } from "vitepress";
import { computed, type ComputedRef } from "vue";

const english = {
  try: "Try it:",
  reset: "Reset",
  inputs: "Inputs",
  result: "Result",
  settings: "Settings, which get no gradient",
  output: "Output y, and the gradient that arrives at it, its cotangent dy = ȳ",
  gradient: "Gradients of ⟨dy, y⟩",
  byHand: "by the VJP",
  byDifferences: "by finite differences",
  gap: "Largest difference of the two (finite differences are not exact either):",
  program: "Your program",
  check: "Check",
  checking: "Checking …",
  tooLong: "the program took longer than 20 seconds",
  right: "Right.",
  cases: "random cases",
  wrongVersions: "Wrong versions, computed here",
  wrongHelp:
    "A training step of a tiny DeiT is computed right and with the mistake. taps/ are intermediate values, cotangents/ and grads/ gradients, after/ the weights after the step; the scale of a tensor is its largest number. deit verify gets the wrong step alone, finds the first wrong tensor, and names the mistake that would explain it.",
  seed: "Seed of weights and images (a whole number, then Enter)",
  computing: "Computing …",
  instead: "Instead",
  why: "Why it happens",
  firstSeen: "First seen in",
  largestShare: "Largest difference, as a share of the tensor's scale",
  differing: "Tensors that differ",
  index: "index",
  rightValue: "right",
  wrongValue: "wrong",
  notSeen: "With this seed nothing differs.",
  verdict: "deit verify",
  accepted: "match",
  rejected: "mismatch, first in",
  error: "error",
  tolerance: "tolerance",
  named: "names",
  namedNone: "names no known mistake",
  residual: "unexplained:",
};

/** The words of one language. */
export type Words = Readonly<Record<keyof typeof english, string>>;

const chinese: Words = {
  try: "试一试：",
  reset: "重置",
  inputs: "输入",
  result: "结果",
  settings: "设定（不求梯度）",
  output: "输出 y，以及传到它的梯度，即余切向量 dy = ȳ",
  gradient: "⟨dy, y⟩ 的梯度",
  byHand: "手写 VJP",
  byDifferences: "有限差分",
  gap: "两者的最大差（有限差分本身也不精确）：",
  program: "你的程序",
  check: "检查",
  checking: "正在检查……",
  tooLong: "程序运行超过 20 秒",
  right: "正确。",
  cases: "个随机用例",
  wrongVersions: "错误的写法，在此实时计算",
  wrongHelp:
    "对一个极小的 DeiT 计算一步训练，一次正确，一次带着错误。taps/ 是中间值，cotangents/ 与 grads/ 是梯度，after/ 是这一步之后的权重；张量的尺度是其中绝对值最大的数。deit verify 只拿到错误的那一步，找出第一个出错的张量，并指出能解释它的错误。",
  seed: "权重与图像的种子（整数，按回车）",
  computing: "正在计算……",
  instead: "实际算的是",
  why: "为什么会这样",
  firstSeen: "最先出现在",
  largestShare: "最大差（相对于该张量的尺度）",
  differing: "不同的张量",
  index: "下标",
  rightValue: "正确",
  wrongValue: "错误",
  notSeen: "用这个种子看不出差别。",
  verdict: "deit verify",
  accepted: "一致",
  rejected: "不一致，最先在",
  error: "误差",
  tolerance: "容差",
  named: "指出的错误",
  namedNone: "没有指出已知的错误",
  residual: "仍未解释：",
};

/** The words of the language of the page. */
export function useWords(): ComputedRef<Words> {
  const { lang } = useData();
  return computed(() => (lang.value.startsWith("zh") ? chinese : english));
}
