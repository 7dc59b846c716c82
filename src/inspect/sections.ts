/** The parts of an inspection's page: each picture with what is seen in it and where it comes from. */
import { patchCount, prefixCount, tokenCount, type DeitConfig } from "../model/config.ts";
import type { Section } from "../report/document.ts";
import { html, nothing, percent, type Html } from "../report/html.ts";
import { cosinePlot } from "../report/plots.ts";
import type { LayerMaps } from "./attention.ts";
import type { DisagreementMatrix } from "./disagreement.ts";
import type { Decision, Inspection } from "./inspection.ts";
import { colourBar, doubledRows, sheetGrid, sheetOf, tokenRows } from "./maps.ts";
import { disagreementPlot } from "./plots.ts";
import { attentionScale, rolloutScale } from "./sheets.ts";

const tokensOf = ({ config: { distilled } }: Inspection): string =>
  distilled ? "the class and the distillation token" : "the class token";

/** To files beside the page. */
const links = (...names: readonly string[]): readonly Html[] =>
  names.map((name, i) => html`${i === 0 ? "" : ", "}<a href="${name}"><code>${name}</code></a>`);

const headings = { class: "Class head", distillation: "Distillation head", both: "Both: mean of logits", model: "The model" } as const;

/** The most probable classes, with bars. */
const decisionTable = ({ by, top }: Decision, { classes, label }: Inspection["image"]): Html =>
  html`<table class="${by}">
    <caption>
      ${headings[by]}
    </caption>
    <tbody>
      ${top.map(
        ({ index, probability }) =>
          html`<tr>
            <th scope="row">
              ${classes[index] ?? index}${index === label ? html` <small class="right">its class</small>` : nothing}
              <i style="--share: ${(100 * probability).toFixed(1)}%"></i>
            </th>
            <td class="number">${percent(probability)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;

function subject({ image: shown, decisions }: Inspection): Html {
  const { name, label, classes } = shown;
  return html`<div class="subject">
    <figure>
      <a href="image.png"><img class="small" src="image.png" alt="the image" /></a>
      <figcaption>
        ${name}${label === null ? "" : `, of class ${classes[label] ?? label}`}, as the network sees it before normalisation
      </figcaption>
    </figure>
    <div class="decisions">${decisions.map((decision) => decisionTable(decision, shown))}</div>
  </div>`;
}

/** `to patches: class 91.2 %, distillation 90.8 %`, the mean over the heads. */
const layerText = (layer: LayerMaps): string =>
  `to patches: ${layer[0]?.tokens.map(({ token, share }) => `${token} ${percent(share)}`).join(", ")}`;

function attention(inspection: Inspection): Html {
  const { config } = inspection;
  const T = tokenCount(config);
  const columns = inspection.attention[0]?.map(({ head }) => (head === "mean" ? "mean" : `head ${head}`)) ?? [];
  const sheet = (layer: LayerMaps, i: number): Html =>
    html`<div>
      <h3>Block ${i}<small>${layerText(layer)}</small></h3>
      ${sheetOf({ file: `attention/block-${i}.png`, columns, rows: doubledRows(config), said: `Attention in block ${i}: ${layerText(layer)}` })}
    </div>`;
  return html`<p>
      How ${tokensOf(inspection)} attend${config.distilled ? "" : "s"} to the ${patchCount(config)} patches in each block: rows of A =
      softmax(QKᵀ/√d), the paper's multi-head self-attention, (E7) of docs/deit.md; the mean of the heads, then each of them. What the
      patches do not get goes to the ${prefixCount(config) === 1 ? "token itself" : "two tokens"}. All maps have one scale of colours, so
      that they can be compared: uniform attention is the colour in its middle, and a patch that is brighter gets more than its even share.
    </p>
    ${colourBar(attentionScale(inspection), `times the even share, which is 1/${T} = ${percent(1 / T)} for each of the ${T} tokens`)}
    ${sheetGrid(columns.length, inspection.attention.map(sheet))}`;
}

function rollout(inspection: Inspection): Html {
  const { rollouts, config } = inspection;
  const columns = rollouts.map((_, i) => `${i}`);
  const end = `After all ${config.depth} blocks`;
  return html`<div class="rollout">
      <div>
        <p>
          Of which patches ${tokensOf(inspection)} would be made, did nothing but attention and the residual connections mix tokens:
          attention rollout (Abnar and Zuidema 2020, arXiv 2005.00928; not in the DeiT paper). In each block the mean of the heads' A and
          the identity, halved, is multiplied to what the blocks before have mixed. The middle of this scale is the mean of the patches of a
          map: a token stays for the most part what it was, and a patch that is brighter has a larger part in the rest than others.
        </p>
        ${colourBar(rolloutScale(inspection), "times the mean of the patches")}
      </div>
      <div>
        <h3>${end}</h3>
        ${sheetOf({ file: "rollout.png", columns: ["rollout", "over the image"], rows: tokenRows(config), said: `Rollout. ${end}` })}
      </div>
    </div>
    <div class="by-block">
      <h3>After block …</h3>
      ${sheetOf({ file: "rollout-by-block.png", columns, rows: doubledRows(config), said: "Rollout after each block" })}
    </div>`;
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
      <figcaption>${links("token-cosine.svg", "token-cosine.json")}</figcaption>
    </figure>
  </div>`;
}

function disagreement(found: DisagreementMatrix, set: string, { distilled }: DeitConfig): Html {
  return html`<div class="pair">
    <p>
      The share of the ${found.images} images of ${set} that two decide differently, as Table 4 of the paper. The row of truth is the error
      rates.
      ${
        distilled
          ? "“both” is the mean of the two heads' logits. In the paper the distillation head is nearer to the convolutional teacher than the class head is, and both together lie between."
          : "A plain model has one head."
      }
    </p>
    <figure>
      ${disagreementPlot(found)}
      <figcaption>${links("disagreement.svg", "disagreement.json")}</figcaption>
    </figure>
  </div>`;
}

function files({ config, attention: layers, cosines, disagreement: found, intermediates }: Inspection): Html {
  const rows: readonly (readonly [names: readonly string[], what: string])[] = [
    [["intermediates.npz"], `images, and ${intermediates.size} intermediates by path, patch_embed to logits; ${tokenCount(config)} tokens`],
    [["image.png"], "the image before normalisation"],
    [layers.map((_, i) => `attention/block-${i}.png`), "a sheet for each block"],
    [["rollout.png", "rollout-by-block.png"], "the rollout at the end, and after each block"],
    ...(cosines === null ? [] : [[["token-cosine.svg", "token-cosine.json"], "the plot of the cosines, and its numbers"] as const]),
    ...(found === null ? [] : [[["disagreement.svg", "disagreement.json"], "the plot of the disagreement, and its numbers"] as const]),
  ];
  return html`<dl class="files">
    ${rows.map(
      ([names, what]) =>
        html`<dt>${links(...names)}</dt>
          <dd>${what}</dd>`,
    )}
  </dl>`;
}

/** In the order of the page. */
export function sectionsOf(inspection: Inspection): readonly Section[] {
  const { disagreement: found, set, config } = inspection;
  const measured =
    found === null || set === null
      ? []
      : [{ id: "disagreement", title: "How often the heads disagree", body: disagreement(found, set, config) }];
  return [
    { id: "image", title: "What it is taken for", body: subject(inspection) },
    { id: "attention", title: "Where the tokens look", body: attention(inspection) },
    { id: "rollout", title: "What the tokens are made of", body: rollout(inspection) },
    { id: "tokens", title: "How alike the tokens are", body: tokens(inspection) },
    ...measured,
    { id: "files", title: "The numbers", body: files(inspection) },
  ];
}
