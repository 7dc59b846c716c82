/** The site: the reading path, the playground, the guides and the reference. */
import { katex } from "@mdit/plugin-katex";
import { defineConfig, type DefaultTheme } from "vitepress";
import { chapters } from "./chapters.ts";
import { formulaRule } from "./markdown/formula.ts";
import { sourceRules } from "./markdown/source.ts";

/** The headers with which a page may use threads. */
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const readingPath = (lang: "en" | "zh"): DefaultTheme.SidebarItem[] =>
  chapters.map(({ slug, title }, i) => ({ text: `${i + 1}. ${title[lang]}`, link: `${lang === "zh" ? "/zh" : ""}/learn/${slug}` }));

/** A display formula can be scrolled by the keyboard. */
const scrollable = (html: string, display: boolean): string => (display ? html.replace("<p class=", '<p tabindex="0" class=') : html);

export default defineConfig({
  title: "DeiT, line by line",
  lang: "en",
  themeConfig: {
    search: { provider: "local" },
    outline: { level: [2, 3] },
    sidebar: { "/learn/": [{ text: "Reading path", items: readingPath("en") }], "/zh/learn/": [{ text: "阅读路径", items: readingPath("zh") }] },
  },
  locales: { root: { label: "English", lang: "en" }, zh: { label: "简体中文", lang: "zh-CN", title: "逐行读懂 DeiT" } },
  markdown: {
    config: (md) => {
      // @ts-expect-error: VitePress and the plugin have different versions of markdown-it's types
      md.use(katex, { transformer: scrollable });
      formulaRule(md);
      sourceRules(md);
    },
  },
  vite: { worker: { format: "es" }, server: { headers: ISOLATED }, preview: { headers: ISOLATED } },
});
