/** VitePress's own theme, with the widgets of the reading path; a page loads those that it has. */
import "katex/dist/katex.min.css";
import type { EnhanceAppContext, Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { defineAsyncComponent } from "vue";
import { highlightLetters } from "./highlight.ts";
import { isolate } from "./isolation.ts";
import "./style.css";

/** The menu of languages leads to the same page in the other language, or to its first page where there is no translation. */
function leadToTranslations({ siteData, router }: EnhanceAppContext): void {
  const { themeConfig } = siteData.value;
  const reading = {
    ...themeConfig,
    get i18nRouting(): boolean {
      return router.route.data.frontmatter["translated"] === true;
    },
  };
  siteData.value = { ...siteData.value, themeConfig: reading };
}

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp: (context) => {
    const { app } = context;
    app.component(
      "Try",
      defineAsyncComponent(() => import("../components/Try.vue")),
    );
    app.component(
      "Exercise",
      defineAsyncComponent(() => import("../components/Exercise.vue")),
    );
    app.component(
      "Wrong",
      defineAsyncComponent(() => import("../components/Wrong.vue")),
    );
    leadToTranslations(context);
    if (typeof document === "undefined") return;
    highlightLetters();
    if (import.meta.env.PROD) void isolate(context.siteData.value.base);
  },
};

export default theme;
