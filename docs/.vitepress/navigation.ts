/** Menus and sidebars: the reading path, the playground, the guides and the reference. */
import type { DefaultTheme } from "vitepress";
import { chapters } from "./chapters.ts";
import { apiPath, entryPoints } from "./reference/entryPoints.ts";

/** The languages of the site. */
export type Language = "en" | "zh";

const rootOf = (lang: Language): string => (lang === "zh" ? "/zh" : "");

const words = {
  en: { path: "Reading path", playground: "Playground", guides: "Guides", reference: "Reference", overview: "The code in order" },
  zh: { path: "阅读路径", playground: "演练场", guides: "指南（英文）", reference: "参考（英文）", overview: "按顺序读代码（英文）" },
} as const;

const guides: readonly DefaultTheme.SidebarItem[] = [
  { text: "The code in order", link: "/learn" },
  { text: "Training", link: "/training" },
  { text: "Data and augmentation", link: "/data" },
  { text: "Experiments", link: "/experiments/" },
  { text: "Weights", link: "/weights" },
  { text: "Looking inside a model", link: "/inspect" },
  { text: "Checking gradients", link: "/checking-gradients" },
  { text: "Verifying an implementation", link: "/verify" },
  { text: "The recording format", link: "/recording" },
  { text: "In a browser", link: "/browser" },
  { text: "WebGPU", link: "/webgpu" },
];

/** The pages of the reference, with their names in both languages; the pages themselves are in English. */
const reference: readonly { readonly name: Readonly<Record<Language, string>>; readonly link: string }[] = [
  { name: { en: "API", zh: "API" }, link: apiPath("index") },
  { name: { en: "Command line", zh: "命令行" }, link: "/reference/cli" },
  { name: { en: "Recipe keys", zh: "训练配置的键" }, link: "/reference/recipe" },
  { name: { en: "Specification", zh: "规格" }, link: "/deit" },
  { name: { en: "Equations and gradients", zh: "公式与梯度" }, link: "/equations" },
  { name: { en: "Engines", zh: "计算引擎" }, link: "/reference/engines" },
  { name: { en: "Performance", zh: "性能" }, link: "/performance" },
  { name: { en: "Measurements", zh: "测量结果" }, link: "/measurements" },
  { name: { en: "Several machines", zh: "多机训练" }, link: "/scaling" },
  { name: { en: "Security", zh: "安全" }, link: "/reference/security" },
  { name: { en: "Words", zh: "术语" }, link: "/glossary" },
];

const referenceOf = (lang: Language): { text: string; link: string }[] => reference.map(({ name, link }) => ({ text: name[lang], link }));

/** The pages of the entry points. No group is collapsible: VitePress would nest buttons. */
const api = (): DefaultTheme.SidebarItem => ({
  text: "API",
  items: entryPoints().map(({ name, specifier }) => ({ text: specifier, link: apiPath(name) })),
});

const readingPath = (lang: Language): DefaultTheme.SidebarItem[] =>
  chapters.map(({ slug, title }, i) => ({ text: `${i + 1}. ${title[lang]}`, link: `${rootOf(lang)}/learn/${slug}` }));

/** The menu at the top. */
export const navOf = (lang: Language): DefaultTheme.NavItem[] => [
  { text: words[lang].path, link: `${rootOf(lang)}/learn/patches`, activeMatch: `^${rootOf(lang)}/learn/` },
  { text: words[lang].playground, link: `${rootOf(lang)}/playground` },
  { text: words[lang].guides, link: "/learn" },
  { text: words[lang].reference, items: referenceOf(lang) },
];

/** The sidebars, by the beginning of a page's path. */
export const sidebarOf = (lang: Language): DefaultTheme.SidebarMulti => ({
  [`${rootOf(lang)}/learn/`]: [{ text: words[lang].path, items: readingPath(lang) }],
  ...(lang === "en"
    ? {
        "/": [{ text: words.en.guides, items: [...guides] }, { text: words.en.reference, items: referenceOf("en").slice(1) }, api()],
      }
    : {}),
});
