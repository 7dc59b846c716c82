/** The site: the reading path, the playground, the guides and the reference. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { katex } from "@mdit/plugin-katex";
import { defineConfig } from "vitepress";
import { chaptersRule } from "./markdown/chapters.ts";
import { codeTheme } from "./markdown/codeTheme.ts";
import { formulaRule } from "./markdown/formula.ts";
import { storedAsString } from "./markdown/mathml.ts";
import { sourceRules } from "./markdown/source.ts";
import { navOf, sidebarOf } from "./navigation.ts";

/** The headers with which a page may use threads. */
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** The words of the search. */
const searchZh = {
  button: { buttonText: "搜索", buttonAriaLabel: "搜索" },
  modal: {
    displayDetails: "显示详情",
    resetButtonTitle: "清除",
    backButtonTitle: "关闭",
    noResultsText: "没有结果：",
    footer: { selectText: "选择", navigateText: "移动", closeText: "关闭" },
  },
};

const hasPage = (path: string): boolean => existsSync(join(import.meta.dirname, "..", path));

/** A display formula can be scrolled by the keyboard. */
const scrollable = (html: string, display: boolean): string => (display ? html.replace("<p class=", '<p tabindex="0" class=') : html);

export default defineConfig({
  title: "DeiT, line by line",
  description: "A vision transformer with every gradient written by hand, explained line by line and computed in the page",
  lang: "en",
  themeConfig: {
    search: { provider: "local", options: { locales: { zh: { translations: searchZh } } } },
    outline: { level: [2, 3] },
    nav: navOf("en"),
    sidebar: sidebarOf("en"),
  },
  locales: {
    root: { label: "English", lang: "en" },
    zh: {
      label: "简体中文",
      lang: "zh-CN",
      title: "逐行读懂 DeiT",
      description: "每个梯度都手写的视觉 Transformer:逐行讲解，在网页中实时计算",
      themeConfig: {
        nav: navOf("zh"),
        sidebar: sidebarOf("zh"),
        outline: { level: [2, 3], label: "本页内容" },
        docFooter: { prev: "上一章", next: "下一章" },
        sidebarMenuLabel: "目录",
        returnToTopLabel: "回到顶部",
        darkModeSwitchLabel: "外观",
        langMenuLabel: "语言",
        skipToContentLabel: "跳到正文",
      },
    },
  },
  /** The theme reads `translated` to lead from a page to the same page in the other language, where there is one (theme/index.ts). */
  transformPageData: ({ relativePath, frontmatter }) => ({
    frontmatter: { ...frontmatter, translated: relativePath.startsWith("zh/") || hasPage(`zh/${relativePath}`) },
  }),
  markdown: {
    theme: codeTheme,
    config: (md) => {
      // @ts-expect-error: VitePress and the plugin have different versions of markdown-it's types
      md.use(katex, { transformer: (html, display) => storedAsString(scrollable(html, display)) });
      formulaRule(md);
      sourceRules(md);
      chaptersRule(md);
    },
  },
  vite: { worker: { format: "es" }, server: { headers: ISOLATED }, preview: { headers: ISOLATED } },
});
