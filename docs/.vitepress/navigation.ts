/** Menus and sidebars: the reading path, the playground, the guides and the reference. */
import type { DefaultTheme } from "vitepress";
import { chapters } from "./chapters.ts";

/** The languages of the site. */
export type Language = "en" | "zh";

const rootOf = (lang: Language): string => (lang === "zh" ? "/zh" : "");

const words = {
  en: { path: "Reading path", playground: "Playground", guides: "Guides", reference: "Reference", overview: "The code in order" },
  zh: { path: "阅读路径", playground: "演练场", guides: "指南(英文)", reference: "参考(英文)", overview: "按顺序读代码(英文)" },
} as const;

const guides: readonly DefaultTheme.SidebarItem[] = [
  { text: "The code in order", link: "/learn" },
  { text: "Training", link: "/training" },
  { text: "Data and augmentation", link: "/data" },
  { text: "Weights", link: "/weights" },
  { text: "Looking inside a model", link: "/inspect" },
  { text: "Checking gradients", link: "/checking-gradients" },
  { text: "Verifying an implementation", link: "/verify" },
  { text: "The recording format", link: "/recording" },
  { text: "In a browser", link: "/browser" },
  { text: "WebGPU", link: "/webgpu" },
  { text: "Several machines", link: "/scaling" },
];

const reference: readonly DefaultTheme.SidebarItem[] = [
  { text: "Specification", link: "/deit" },
  { text: "Equations and gradients", link: "/equations" },
  { text: "Words", link: "/glossary" },
  { text: "Performance", link: "/performance" },
  { text: "Measurements", link: "/measurements" },
];

const readingPath = (lang: Language): DefaultTheme.SidebarItem[] =>
  chapters.map(({ slug, title }, i) => ({ text: `${i + 1}. ${title[lang]}`, link: `${rootOf(lang)}/learn/${slug}` }));

/** The menu at the top. */
export const navOf = (lang: Language): DefaultTheme.NavItem[] => [
  { text: words[lang].path, link: `${rootOf(lang)}/learn/patches`, activeMatch: `^${rootOf(lang)}/learn/` },
  { text: words[lang].playground, link: `${rootOf(lang)}/playground` },
  { text: words[lang].guides, link: "/learn" },
  { text: words[lang].reference, link: "/equations" },
];

/** The sidebars, by the beginning of a page's path. */
export const sidebarOf = (lang: Language): DefaultTheme.SidebarMulti => ({
  [`${rootOf(lang)}/learn/`]: [{ text: words[lang].path, items: readingPath(lang) }],
  ...(lang === "en"
    ? {
        "/": [
          { text: words.en.guides, items: [...guides] },
          { text: words.en.reference, items: [...reference] },
        ],
      }
    : {}),
});
