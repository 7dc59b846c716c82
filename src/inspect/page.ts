/** Writes `index.html`, the page of an inspection. */
import { documentText } from "../report/document.ts";
import { descriptionList } from "../report/descriptionList.ts";
import { html } from "../report/html.ts";
import type { Inspection } from "./inspection.ts";
import { sectionsOf } from "./sections.ts";
import { ownStyle } from "./style.ts";

/** What an inspection was made with, in words. */
export interface Origin {
  /** The run or the file that the weights are from. */
  readonly weights: string;
  /** Those of the models beside it in the table of disagreement. */
  readonly beside: readonly string[];
  /** The engine and its precision. */
  readonly engine: string;
  /** The version of this package. */
  readonly version: string;
}

/** The text of the page; its pictures are files in the same folder. */
export function page(inspection: Inspection, { weights, beside, engine, version }: Origin): string {
  const { config, image: shown } = inspection;
  const { imageSize: S, patchSize: p, width: D, depth: L, heads: h, distilled } = config;
  const facts = [["weights", weights], ...beside.map((text) => ["beside", text] as const), ["engine", engine], ["deit", version]] as const;
  return documentText({
    title: `${shown.name} · deit inspect`,
    over: "deit · inside a model",
    heading: shown.name,
    lead: html`<p class="lead">
        A ${distilled ? "distilled" : "plain"} DeiT of ${L} blocks, width ${D} and ${h} heads, on ${S} × ${S} pixels in patches of ${p} ×
        ${p}.
      </p>
      ${descriptionList("facts", facts)}`,
    sections: sectionsOf(inspection),
    ownStyle,
  });
}
