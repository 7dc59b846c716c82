/** The style of all pages, in light and dark mode. Plots and pictures take their colours from here. */

type Palette = { readonly [name: string]: string };

export const light: Palette = {
  page: "#fbfaf7",
  card: "#ffffff",
  ink: "#1d1f24",
  soft: "#62656e",
  line: "#e3e0d8",
  teacher: "#3b7f63",
  student: "#5b4bb0",
  class: "#1f6fb5",
  distillation: "#c2560c",
  fused: "#5b4bb0",
  right: "#2f7d4f",
  wrong: "#c0392b",
};

const dark: Palette = {
  page: "#14161a",
  card: "#1b1e24",
  ink: "#e9e6df",
  soft: "#a1a4ae",
  line: "#30343c",
  teacher: "#74c69d",
  student: "#b4a5f5",
  class: "#74b3f0",
  distillation: "#f4a261",
  fused: "#b4a5f5",
  right: "#7fcf9b",
  wrong: "#ff8a7a",
};

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(" ");

export const style: string = `
:root { color-scheme: light dark; ${variables(light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(dark)} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 74rem; margin: 0 auto; padding: 3.5rem 1.5rem 4rem; }
h1, h2, h3 { line-height: 1.2; letter-spacing: -0.015em; margin: 0; text-wrap: balance; }
h1 { font-size: 2.4rem; }
h2 { font-size: 1.35rem; }
h3 { font-size: 1.05rem; display: flex; justify-content: space-between; align-items: baseline; }
p { margin: 0.75rem 0; max-width: 44rem; }
a { color: inherit; text-decoration-color: var(--line); text-underline-offset: 0.2em; }
a:hover { text-decoration-color: currentColor; }
header p.over { margin: 0 0 0.5rem; color: var(--soft); font-size: 0.85rem; letter-spacing: 0.02em; }
header p.lead { font-size: 1.1rem; }
header code { font-size: 0.9em; }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; margin-top: 1.5rem; font-size: 0.9rem; color: var(--soft); }
section { margin-top: 3.25rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
section > p, .pair > p, figcaption { color: var(--soft); font-size: 0.925rem; }
figure { margin: 0; min-width: 0; }
.pair > p { margin-top: 0; }
figcaption { margin-top: 0.4rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.9rem; margin: 1.75rem 0 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 0.7rem; padding: 0.9rem 1.1rem; }
.tiles dt { color: var(--soft); font-size: 0.85rem; }
.tiles dd { margin: 0.1rem 0 0; font-size: 1.75rem; font-weight: 650; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.75rem; margin-top: 1.25rem; align-items: start; }
.plot { display: block; max-width: 100%; height: auto; font: 11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow: visible; }
.plot text { white-space: pre; }
.wide { grid-column: 1 / -1; }
table { border-collapse: collapse; width: 100%; font-size: 0.925rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: 0.925rem; padding-bottom: 0.5rem; }
th, td { text-align: left; padding: 0.34rem 0.9rem 0.34rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; overflow-wrap: anywhere; }
th { font-weight: 500; }
thead th { color: var(--soft); font-size: 0.85rem; }
.number { text-align: right; padding-right: 0.4rem; white-space: nowrap; }
td.right, small.right { color: var(--right); }
td.wrong, small.wrong { color: var(--wrong); }
small { font-size: 0.8rem; font-weight: 500; letter-spacing: 0; }
code, td.value { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.8rem; }
.texts tbody th { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.77rem; }
.texts td + td { color: var(--soft); font-size: 0.85rem; padding-right: 0; }
.texts caption { color: var(--ink); font-weight: 600; }
.columns { columns: 2 26rem; column-gap: 2.5rem; margin-top: 1rem; }
.texts { table-layout: fixed; }
.texts th:first-child { width: 58%; }
.texts th:nth-child(2) { width: 23.5%; }
#environment th:first-child { width: 20%; }
#environment th:nth-child(2) { width: 80%; }
#environment table { margin-top: 0.75rem; }
.columns table { break-inside: avoid; margin-bottom: 1.5rem; }
.dot { display: inline-block; width: 0.65em; height: 0.65em; border-radius: 50%; margin-right: 0.4em; background: currentColor; }
.dot.teacher { background: var(--teacher); } .dot.student { background: var(--student); } .dot.fused { background: var(--fused); }
.dot.class { background: var(--class); } .dot.distillation { background: var(--distillation); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: 1rem; margin-top: 1.25rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 0.7rem; padding: 1rem 1.1rem 0.6rem; }
.looks { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.6rem; margin: 0.7rem 0 0.5rem; }
.looks svg { display: block; width: 100%; border-radius: 0.3rem; }
.looks image, .looks use { image-rendering: pixelated; }
.looks figcaption { font-size: 0.75rem; line-height: 1.4; }
.card table { font-size: 0.85rem; }
.card th { color: var(--soft); white-space: nowrap; }
.card thead th { font-size: 0.75rem; }
.card tr:last-child > * { border-bottom: 0; }
.key { margin-right: 0.8rem; color: var(--ink); }
@media print { main { max-width: none; padding: 0; } section, .card { break-inside: avoid; } }
`;
