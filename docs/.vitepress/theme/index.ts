/** VitePress's own theme, with the widgets of the reading path. */
import "katex/dist/katex.min.css";
import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { defineAsyncComponent } from "vue";
import Exercise from "../components/Exercise.vue";
import Try from "../components/Try.vue";
import { highlightLetters } from "./highlight.ts";
import "./style.css";

/** The widgets of single chapters, which load with them. */
const ofChapters = {
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
    app.component("Try", Try);
    app.component("Exercise", Exercise);
    for (const [name, component] of Object.entries(ofChapters)) app.component(name, component);
    if (typeof document !== "undefined") highlightLetters();
  },
};

export default theme;
