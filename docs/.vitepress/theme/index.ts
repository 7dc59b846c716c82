/** VitePress's own theme, with the widgets of the reading path. */
import "katex/dist/katex.min.css";
import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import Compute from "../components/Compute.vue";
import Exercise from "../components/Exercise.vue";
import Try from "../components/Try.vue";
import { highlightLetters } from "./highlight.ts";
import "./style.css";

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => {
    app.component("Try", Try);
    app.component("Compute", Compute);
    app.component("Exercise", Exercise);
    if (typeof document !== "undefined") highlightLetters();
  },
};

export default theme;
