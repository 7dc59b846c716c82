/** VitePress's own theme, with the widgets of the reading path; a page loads those that it has. */
import "katex/dist/katex.min.css";
import type { EnhanceAppContext, Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { defineAsyncComponent, type Component } from "vue";
import { highlightLetters } from "./highlight.ts";
import { isolate } from "./isolation.ts";
import { layOutLater } from "./layout.ts";
import "./code.css";
import "./formula.css";
import "./arrays.css";
import "./exercise.css";
import "./wrong.css";

/** The tags that chapters may use. */
const widgets: Readonly<Record<string, Component>> = {
  Try: defineAsyncComponent(() => import("../components/Try.vue")),
  Compute: defineAsyncComponent(() => import("../components/Compute.vue")),
  Exercise: defineAsyncComponent(() => import("../components/Exercise.vue")),
  Wrong: defineAsyncComponent(() => import("../components/Wrong.vue")),
  Augment: defineAsyncComponent(() => import("../components/Augment.vue")),
  Operation: defineAsyncComponent(() => import("../components/Operation.vue")),
  Mix: defineAsyncComponent(() => import("../components/Mix.vue")),
  Repeats: defineAsyncComponent(() => import("../components/Repeats.vue")),
  Resize: defineAsyncComponent(() => import("../components/Resize.vue")),
  Choice: defineAsyncComponent(() => import("../components/Choice.vue")),
};

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
    for (const [name, widget] of Object.entries(widgets)) context.app.component(name, widget);
    leadToTranslations(context);
    if (typeof document === "undefined") return;
    highlightLetters();
    layOutLater();
    if (import.meta.env.PROD) void isolate(context.siteData.value.base);
  },
};

export default theme;
