/** VitePress's own theme, with the widgets of the reading path; a page loads those that it has. */
import "katex/dist/katex.min.css";
import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { defineAsyncComponent, type Component } from "vue";
import { highlightLetters } from "./highlight.ts";
import "./style.css";

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

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => {
    for (const [name, widget] of Object.entries(widgets)) app.component(name, widget);
    if (typeof document !== "undefined") highlightLetters();
  },
};

export default theme;
