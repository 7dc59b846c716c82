/** VitePress's own theme, with the widgets of the reading path; a page loads those that it has. */
import "katex/dist/katex.min.css";
import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { defineAsyncComponent } from "vue";
import { highlightLetters } from "./highlight.ts";
import "./style.css";

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => {
    app.component("Try", defineAsyncComponent(() => import("../components/Try.vue")));
    app.component("Compute", defineAsyncComponent(() => import("../components/Compute.vue")));
    app.component("Exercise", defineAsyncComponent(() => import("../components/Exercise.vue")));
    app.component("Wrong", defineAsyncComponent(() => import("../components/Wrong.vue")));
    if (typeof document !== "undefined") highlightLetters();
  },
};

export default theme;
