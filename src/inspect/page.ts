/** `index.html` of an inspection. */
import { documentText } from "../report/document.ts";
import { html } from "../report/html.ts";
import type { Inspection } from "./inspection.ts";
import { sectionsOf } from "./sections.ts";

/** What the report's style has not. */
const own = `
.sheet { overflow-x: auto; margin-top: 1.25rem; }
.heads { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; font-size: 0.8rem; color: var(--soft); text-align: center; }
.sheet img, .subject img { display: block; width: 100%; image-rendering: pixelated; }
.subject img { width: 14rem; border-radius: 0.3rem; }
dl.files { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.2rem; font-size: 0.925rem; }
dl.files dd { margin: 0; color: var(--soft); }
`;

/** The page's text; its pictures are the files beside it. */
export function page(inspection: Inspection): string {
  const { config, subject: shown } = inspection;
  const { imageSize: S, patchSize: p, width: D, depth: L, heads: h, distilled } = config;
  return documentText({
    title: `${shown.name} · deit inspect`,
    over: "deit · inside a model",
    heading: shown.name,
    lead: html`<p class="lead">
      A ${distilled ? "distilled" : "plain"} DeiT of ${L} blocks, width ${D} and ${h} heads, on ${S} × ${S} pixels in patches of ${p} ×
      ${p}.
    </p>`,
    sections: sectionsOf(inspection),
    ownStyle: own,
  });
}
