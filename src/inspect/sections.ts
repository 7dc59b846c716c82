/** The parts of an inspection's page: each picture with what is seen in it and where it comes from. */
import { patchCount, prefixCount, tokenCount } from "../model/config.ts";
import { decisionsTable } from "../report/decisions.ts";
import type { Section } from "../report/document.ts";
import { html, percent, type Html } from "../report/html.ts";
import { cosinePlot } from "../report/plots.ts";
import type { LayerMaps } from "./attention.ts";
import type { Inspection } from "./inspection.ts";
import { disagreementPlot } from "./plots.ts";

const tokensOf = ({ config: { distilled } }: Inspection): string =>
  distilled ? "the class and the distillation token" : "the class token";

/** How the rows of a sheet follow each other. */
const rowsText = ({ config: { distilled } }: Inspection): string =>
  distilled
    ? "rows from the top: class token, class token over the image, distillation token, distillation token over the image"
    : "the upper row is the class token, the lower one the same over the image";

function subject({ subject: { name, label, classes }, decisions }: Inspection): Html {
  return html`<div class="pair subject">
    <figure>
      <img src="image.png" alt="the image" />
      <figcaption>
        ${name}${label === null ? "" : `, of class ${classes[label] ?? label}`}, as the network sees it before normalisation
      </figcaption>
    </figure>
    ${decisionsTable(decisions, classes, label, "What it is taken for")}
  </div>`;
}

/** Least and largest width of a column of a sheet, in rem. */
const [NARROW, WIDE] = [4.5, 9];

/** A sheet under the names of its columns. */
const labelled = (file: string, columns: readonly string[], caption: string): Html =>
  html`<figure class="sheet">
    <div style="min-width: ${NARROW * columns.length}rem; max-width: ${WIDE * columns.length}rem">
      <div class="heads">${columns.map((name) => html`<span>${name}</span>`)}</div>
      <img src="${file}" alt="${caption}" loading="lazy" />
    </div>
    <figcaption>${caption}</figcaption>
  </figure>`;

/** `Block 3: the patches get 91.2 % of the class token's attention` */
function layerCaption(layer: LayerMaps, i: number): string {
  const shares = layer[0]?.tokens.map(({ token, share }) => `${percent(share)} of the ${token} token's attention`) ?? [];
  return `Block ${i}: the patches get ${shares.join(" and ")}, the mean over the heads.`;
}

function attention(inspection: Inspection): Html {
  const { config } = inspection;
  const columns = (layer: LayerMaps): readonly string[] => layer.map(({ head }) => (head === "mean" ? "mean" : `head ${head}`));
  return html`<p>
      How ${tokensOf(inspection)} attend${config.distilled ? "" : "s"} to the ${patchCount(config)} patches in each block: rows of A =
      softmax(QKᵀ/√d), the paper's multi-head self-attention, (E7) of docs/deit.md. Black is no attention, white the most attended patch of
      that map, so that maps cannot be compared by their brightness; what the patches do not get goes to the
      ${prefixCount(config) === 1 ? "token itself" : "two tokens"}. On each sheet: ${rowsText(inspection)}.
    </p>
    ${inspection.attention.map((layer, i) => labelled(`attention/block-${i}.png`, columns(layer), layerCaption(layer, i)))}`;
}

function rollout(inspection: Inspection): Html {
  const { rollouts, config } = inspection;
  const columns = rollouts.map((_, i) => `block ${i}`);
  const end = `After all ${config.depth} blocks${config.distilled ? "; the class token above, the distillation token below" : ""}.`;
  return html`<p>
      Of which patches ${tokensOf(inspection)} would be made, did nothing but attention and the residual connections mix tokens: attention
      rollout (Abnar and Zuidema 2020, arXiv 2005.00928; not in the DeiT paper). In each block the mean of the heads' A and the identity,
      halved, is multiplied to what the blocks before have mixed. Here black is the patch with the least, white the one with the most.
    </p>
    ${labelled("rollout.png", ["image", "rollout", "over the image"], end)}
    ${labelled("rollout-by-block.png", columns, `After each block; ${rowsText(inspection)}.`)}`;
}

function tokens({ cosines, set }: Inspection): Html {
  if (cosines === null) return html`<p>A plain model: it has a class token only, and no second token to compare it with.</p>`;
  return html`<div class="pair">
    <p>
      The cosine of class and distillation token (the paper's section on the distillation token; docs/deit.md 9.5),
      ${set === null ? "on this image" : `the mean over ${set}`}: at the input, where the tokens are as learned, and after each block. The
      paper has 0.06 at the input and 0.93 after the last block: similar, but not equal; two class tokens with the same target came to
      0.999. It does not say whether with the position vectors: they are added at the input, and for the dashed line taken off again.
    </p>
    <figure>
      ${cosinePlot(cosines)}
      <figcaption>token-cosine.svg, token-cosine.json</figcaption>
    </figure>
  </div>`;
}

function disagreement({ disagreement: found, set, config }: Inspection): Html {
  if (found === null || set === null) return html`<p>Of a single image there is none: give a data set instead of an image.</p>`;
  return html`<div class="pair">
    <p>
      The share of the ${found.images} images of ${set} that two decide differently, as Table 4 of the paper. The row of truth is the error
      rates.
      ${
        config.distilled
          ? "“both” is the mean of the two heads' logits. In the paper the distillation head is nearer to the convolutional teacher than the class head is, and both together lie between."
          : "A plain model has one head."
      }
    </p>
    <figure>
      ${disagreementPlot(found)}
      <figcaption>disagreement.svg, disagreement.json</figcaption>
    </figure>
  </div>`;
}

function files({ config, cosines, disagreement: found, intermediates }: Inspection): Html {
  const rows: readonly (readonly [string, string])[] = [
    ["intermediates.npz", `images, and ${intermediates.size} intermediates by path, patch_embed to logits; ${tokenCount(config)} tokens`],
    ["attention/block-0.png …", "a sheet for each block"],
    ["rollout.png, rollout-by-block.png", "the rollout at the end, and after each block"],
    ...(cosines === null ? [] : [["token-cosine.svg, token-cosine.json", "the plot, and its numbers"] as const]),
    ...(found === null ? [] : [["disagreement.svg, disagreement.json", "the plot, and its numbers"] as const]),
  ];
  return html`<dl class="files">
    ${rows.map(
      ([name, what]) =>
        html`<dt><code>${name}</code></dt>
          <dd>${what}</dd>`,
    )}
  </dl>`;
}

/** In the order of the page. */
export const sectionsOf = (inspection: Inspection): readonly Section[] => [
  { id: "image", title: "The image", body: subject(inspection) },
  { id: "attention", title: "Where the tokens look", body: attention(inspection) },
  { id: "rollout", title: "What the tokens are made of", body: rollout(inspection) },
  { id: "tokens", title: "How alike the tokens are", body: tokens(inspection) },
  { id: "disagreement", title: "How often the heads disagree", body: disagreement(inspection) },
  { id: "files", title: "The numbers", body: files(inspection) },
];
