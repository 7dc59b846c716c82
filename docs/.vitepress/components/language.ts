/** Words in both languages, by the language of the page. */
import { useData } from "vitepress";
import { computed, type ComputedRef } from "vue";

/** The same in English and in Chinese. */
export interface Both<T> {
  readonly en: T;
  readonly zh: T;
}

/** The one in the language of the page. */
export function useIn<T>(both: Both<T>): ComputedRef<T> {
  const { lang } = useData();
  return computed(() => (lang.value.startsWith("zh") ? both.zh : both.en));
}
