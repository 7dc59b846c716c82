/** The words of the widgets in both languages. */
import { useData } from "vitepress";
import { computed, type ComputedRef } from "vue";

const english = {
  try: "Try it:",
  reset: "Reset",
  inputs: "Inputs",
  result: "Result",
  output: "Output y, and its cotangent ȳ",
  cotangent: "ȳ",
  gradient: "Gradients",
  byHand: "by the hand-written VJP",
  byDifferences: "by finite differences",
  gap: "Largest difference of the two:",
  program: "Your program",
  check: "Check",
  checking: "Checking …",
  tooLong: "the program took longer than 20 seconds",
  right: "Right.",
  cases: "random cases",
};

/** The words of one language. */
export type Words = Readonly<Record<keyof typeof english, string>>;

const chinese: Words = {
  try: "试一试:",
  reset: "重置",
  inputs: "输入",
  result: "结果",
  output: "输出 y 及其余切向量 ȳ",
  cotangent: "ȳ",
  gradient: "梯度",
  byHand: "手写的 VJP",
  byDifferences: "有限差分",
  gap: "两者的最大差:",
  program: "你的程序",
  check: "检查",
  checking: "正在检查……",
  tooLong: "程序运行超过 20 秒",
  right: "正确。",
  cases: "个随机用例",
};

/** The words of the language of the page. */
export function useWords(): ComputedRef<Words> {
  const { lang } = useData();
  return computed(() => (lang.value.startsWith("zh") ? chinese : english));
}
