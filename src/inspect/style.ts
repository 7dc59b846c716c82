/** The style of an inspection's page, in addition to that of all pages. */
export const ownStyle: string = `
header h1, .facts dd { overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: 0.3rem 2rem; margin: 1rem 0 0; font-size: 0.925rem; }
.facts div { display: flex; gap: 0.5rem; min-width: 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.classified { display: grid; grid-template-columns: minmax(0, 14rem) minmax(0, 1fr); gap: 2rem; align-items: start; margin-top: 1.25rem; }
.classified img { display: block; width: 100%; border-radius: 0.4rem; }
.decisions { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: 1.75rem; }
.decisions caption { color: var(--ink); font-weight: 600; }
.decisions th { width: 100%; }
.decisions td, .decisions th { padding-top: 0.3rem; padding-bottom: 0.3rem; }
.decisions table { --bar: var(--student); }
.decisions .class { --bar: var(--class); }
.decisions .distillation { --bar: var(--distillation); }
.decisions i { display: block; height: 0.22rem; margin-top: 0.2rem; border-radius: 0.11rem; background: linear-gradient(to right, var(--bar) var(--share), var(--line) var(--share)); }
.decisions tr > * { border-bottom: 0; }
.small { image-rendering: pixelated; }
.scale { max-width: 30rem; margin: 1.5rem 0 0; }
.scale > div { height: 0.9rem; border-radius: 0.25rem; border: 1px solid var(--line); }
.scale ol { position: relative; height: 1.4rem; margin: 0.25rem 0 0; padding: 0; list-style: none; font-size: 0.8rem; font-variant-numeric: tabular-nums; }
.scale li { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.scale li:first-child { transform: none; }
.scale li:last-child { transform: translateX(-100%); }
.scale figcaption { margin-top: 0; }
.sheets { display: grid; gap: 2rem 1.5rem; margin-top: 1.75rem; }
.sheets h3 { display: block; font-size: 0.95rem; }
.sheets h3 small { margin-left: 0.5rem; color: var(--soft); font-weight: 400; }
.sheet { overflow-x: auto; }
.maps { display: grid; grid-template-columns: 4.9rem minmax(0, 1fr); font-size: 0.72rem; line-height: 1.25; color: var(--soft); }
.maps .column-names { grid-column: 2; display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; padding: 0.35rem 0 0.2rem; text-align: center; white-space: nowrap; }
.maps .rows { display: grid; grid-auto-rows: 1fr; align-items: center; padding-right: 0.5rem; }
.maps .rows b { color: var(--ink); font-weight: 500; }
.maps img { display: block; width: 100%; border-radius: 0.25rem; }
.rollout { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 27rem); gap: 2rem; align-items: start; margin-top: 1.25rem; }
.rollout p { margin-top: 0; color: var(--soft); font-size: 0.925rem; }
.by-block { margin-top: 1.75rem; }
.by-block h3, .rollout h3 { font-size: 0.95rem; }
dl.files { display: grid; grid-template-columns: minmax(0, 24rem) minmax(0, 1fr); gap: 0.6rem 1.5rem; margin-top: 1.25rem; font-size: 0.925rem; }
dl.files dd { margin: 0; color: var(--soft); }
@media (max-width: 40rem) {
  main { padding: 2rem 1rem 3rem; }
  .classified, .rollout { grid-template-columns: minmax(0, 1fr); }
  .classified figure { max-width: 14rem; }
  dl.files { grid-template-columns: minmax(0, 1fr); gap: 0; }
  dl.files dd { margin-bottom: 0.8rem; }
}
`;
