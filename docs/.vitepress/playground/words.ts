/** The words of the playground in both languages. */
import { useData } from "vitepress";
import { computed, type ComputedRef } from "vue";
import { chinese } from "./words.zh.ts";
import { english } from "./words.en.ts";

/** The words of one language. */
export type Words = Readonly<Record<keyof typeof english, string>>;

/** The words of the language of the page. */
export function useWords(): ComputedRef<Words> {
  const { lang } = useData();
  return computed(() => (lang.value.startsWith("zh") ? chinese : english));
}

/** A text with its numbers filled in: `{0} of {1}`. */
export const filled = (text: string, ...values: readonly (string | number)[]): string =>
  text.replaceAll(/\{(\d)\}/g, (whole, i: string) => `${values[Number(i)] ?? whole}`);
