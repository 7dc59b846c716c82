/** The style of a verification's page, in addition to that of all pages. Colour-blind readers can distinguish its colours, and no colour stands without a sign. */

type Pair = readonly [back: string, ink: string];

const light: { readonly [look: string]: Pair } = {
  right: ["#d5e7f3", "#0d4a70"],
  "off-1": ["#fbd9a5", "#5c3200"],
  "off-2": ["#ee8f3f", "#241000"],
  "off-3": ["#a3320b", "#ffffff"],
};

const dark: { readonly [look: string]: Pair } = {
  right: ["#173a50", "#acd9f5"],
  "off-1": ["#5d3d12", "#ffdba6"],
  "off-2": ["#ab581c", "#ffffff"],
  "off-3": ["#ff9d61", "#1f0d00"],
};

const variables = (looks: typeof light): string =>
  Object.entries(looks)
    .map(([look, [back, ink]]) => `--${look}: ${back}; --${look}-ink: ${ink};`)
    .join(" ");

const looks = Object.keys(light)
  .map((look) => `span.${look} { background: var(--${look}); color: var(--${look}-ink); }`)
  .join("\n");

export const verificationStyle: string = `
:root { ${variables(light)} }
@media (prefers-color-scheme: dark) { :root { ${variables(dark)} } }
h1 { overflow-wrap: anywhere; }
.sign { display: inline-block; min-width: 1.6em; padding: 0 0.4em; border-radius: 0.3rem; text-align: center; font-weight: 650; font-style: normal; }
${looks}
span.unjudged { color: var(--soft); background: repeating-linear-gradient(135deg, transparent 0 4px, var(--line) 4px 5px); }
span.absent { color: var(--soft); border: 1px dotted var(--line); }
.first { outline: 2.5px solid var(--ink); outline-offset: 1px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 0.9rem 1.75rem; margin: 1.5rem 0 0; }
.facts dt { color: var(--soft); font-size: 0.85rem; }
.facts dd { margin: 0.1rem 0 0; overflow-wrap: anywhere; }
.legend .first { margin: 0 0.3rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.5rem 1.4rem; list-style: none; margin: 1rem 0 0; padding: 0; font-size: 0.875rem; }
.passes { margin-top: 1.75rem; }
.network { table-layout: fixed; font-size: 0.8rem; }
.network caption { color: var(--ink); font-weight: 600; }
.network th, .network td { padding: 0; border: 0; height: 36px; vertical-align: middle; overflow: hidden; }
.network th[scope="row"] { width: 8rem; white-space: nowrap; overflow-wrap: normal; }
.network th[scope="row"] span { vertical-align: middle; }
.network tr.weight th, .network tr.weight td, .network .blocks th { height: 28px; color: var(--soft); }
.network tr.weight .both, .network tr.weight span.absent { height: 24px; }
.network tr.weight .both span { font-size: 0.6rem; }
.network tr.weight .track + span::before { content: "∂ "; }
.network .blocks th { color: var(--soft); font-size: 0.75rem; }
.network .blocks th[scope="col"] { text-align: center; }
.track { display: inline-block; vertical-align: middle; margin-right: 0.3rem; fill: none; stroke: var(--soft); stroke-width: 1.6; }
.track circle { fill: var(--card); stroke: var(--ink); }
.track circle + path { stroke: var(--ink); }
.both, span.absent[role] { display: grid; grid-template-rows: 1fr 1fr; gap: 1px; width: calc(100% - 4px); height: 32px; margin: 2px; padding: 0; border-radius: 0.3rem; overflow: hidden; font: inherit; background: none; }
.both { border: 0; }
span.absent[role] { place-items: center; grid-template-rows: 1fr; border-color: var(--soft); opacity: 0.6; }
.network td { overflow: visible; }
button.both { cursor: pointer; }
button.both:hover, button.both:focus-visible { box-shadow: 0 0 0 2px var(--soft); }
.both span { display: flex; align-items: center; justify-content: center; gap: 0.3em; font-size: 0.7rem; line-height: 1; min-width: 0; }
.many .both b { display: none; }
.both i { font-style: normal; }
.both b { font-weight: 600; font-variant-numeric: tabular-nums; }
.network td.formula { width: 40%; padding-left: 1.25rem; font-size: 0.95rem; height: auto; white-space: normal; }
.network td.given { text-align: center; color: var(--soft); }
.later th[scope="row"] { text-overflow: ellipsis; }
.network.later th[scope="row"] { width: 10.5rem; font-size: 0.72rem; }
.network .rest { height: auto; padding: 0.5rem 0; color: var(--soft); }
.numbers-of { max-width: min(30rem, calc(100vw - 2rem)); max-height: calc(100vh - 2rem); overflow: auto; padding: 1.1rem 1.25rem; border: 1px solid var(--line); border-radius: 0.7rem; background: var(--card); color: var(--ink); }
.numbers-of::backdrop { background: rgb(0 0 0 / 25%); }
.numbers-of h3, .inside h3 { display: block; overflow-wrap: anywhere; }
.numbers-of p, .inside p { margin: 0.4rem 0; font-size: 0.925rem; }
.formula { font-family: "STIX Two Math", "Cambria Math", Georgia, serif; color: var(--soft); white-space: pre-wrap; }
.numbers { width: auto; max-width: 100%; margin-top: 0.75rem; }
.numbers th, .numbers td { overflow-wrap: normal; }
.numbers .number { padding-left: 0.9rem; }
.numbers tbody th { color: var(--soft); }
#wrong details { border: 1px solid var(--line); border-radius: 0.7rem; background: var(--card); margin-top: 0.6rem; }
.inside > details { background: none; }
#wrong details.first { border-color: transparent; outline-width: 2px; }
#wrong summary { padding: 0.6rem 0.9rem; cursor: pointer; overflow-wrap: anywhere; }
#wrong summary small { display: block; color: var(--soft); font-weight: 400; margin-top: 0.15rem; }
.inside { padding: 0 1.1rem 1.1rem; }
h3.list { margin-top: 2rem; display: block; }
.why { border-left: 4px solid var(--off-2); padding: 0.1rem 0 0.1rem 0.9rem; margin: 0.9rem 0; }
.explanation { display: flex; flex-wrap: wrap; gap: 0.4rem 2rem; margin: 0.5rem 0 0; font-size: 0.875rem; }
.explanation dt { color: var(--soft); font-size: 0.8rem; }
.explanation dd { margin: 0; }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); gap: 1.25rem; margin-top: 1.1rem; align-items: start; }
.maps figcaption { margin: 0 0 0.3rem; color: var(--ink); font-weight: 600; }
.maps svg { display: block; width: 100%; height: auto; font: 11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--soft); }
.maps image { image-rendering: pixelated; }
.frame, .ring, .halo { fill: none; stroke: var(--line); }
.halo { stroke: #ffffff; stroke-width: 4; }
.ring { stroke: #000000; stroke-width: 2; }
.cell { fill: transparent; }
.cell:hover { stroke: #000000; }
.bar { padding-left: 9%; margin-top: 0.2rem; }
.bar i { display: block; height: 0.6rem; border: 1px solid var(--line); }
.bar span { display: flex; justify-content: space-between; font-size: 0.75rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.bar b { font-weight: 400; }
.patch { display: inline-block; width: 0.8em; height: 0.8em; }
.note { color: var(--soft); }
.slices { display: flex; flex-wrap: wrap; gap: 0.3rem; list-style: none; margin: 0.4rem 0 0; padding: 0; font-size: 0.8rem; }
.slices li { border: 1px solid var(--line); border-radius: 0.3rem; padding: 0.1rem 0.5rem; font-variant-numeric: tabular-nums; }
.slices .shown { border-color: var(--ink); }
@media (max-width: 40rem) {
  main { padding: 2rem 1rem 3rem; }
  h1 { font-size: 1.7rem; }
  .network th[scope="row"] { width: 7.1rem; font-size: 0.75rem; }
  .network.later th[scope="row"] { width: 8.5rem; font-size: 0.65rem; }
  .network td.formula { display: none; }
  .numbers { font-size: 0.8rem; }
  .numbers .number { padding-left: 0.5rem; }
  .inside { padding: 0 0.8rem 0.9rem; }
}
`;
