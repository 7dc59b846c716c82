/** The sections of an inspection's page: each picture, with a text on what it shows and how it is computed. */
import { patchCount, prefixCount, tokenCount } from "../model/config.ts";
import type { Section } from "../report/document.ts";
import { html, nothing, percent, type Html } from "../report/html.ts";
import { cosinePlot } from "../report/plots.ts";
import type { LayerMaps } from "./attention.ts";
import type { DisagreementMatrix } from "./disagreement.ts";
import type { Decision, Inspection, Measurement } from "./inspection.ts";
import { colourBar, doubledRows, sheetGrid, sheetOf, tokenRows } from "./maps.ts";
import { disagreementPlot } from "./plots.ts";
import { attentionScale, rolloutScale } from "./sheets.ts";

const tokensOf = ({ config: { distilled } }: Inspection): string =>
  distilled ? "the class and the distillation token" : "the class token";

/** Links to files in the page's folder. */
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

function classification({ image: shown, decisions }: Inspection): Html {
  const { name, label, classes } = shown;
  return html`<div class="classified">
    <figure>
      <a href="image.png"><img class="small" src="image.png" alt="the image" /></a>
      <figcaption>
        ${name}${label === null ? "" : `, of class ${classes[label] ?? label}`}, as the network sees it before normalisation
      </figcaption>
    </figure>
    <div class="decisions">${decisions.map((decision) => decisionTable(decision, shown))}</div>
  </div>`;
}

/** How much of each token's attention the patches get, the mean over the heads: `to patches: class 91.2 %, distillation 90.8 %`. */
const layerText = (layer: LayerMaps): string =>
  `to patches: ${layer[0]?.tokens.map(({ token, share }) => `${token} ${percent(share)}`).join(", ")}`;

function attention(inspection: Inspection): Html {
  const { config } = inspection;
  const T = tokenCount(config);
  const columns = inspection.attention[0]?.map(({ head }) => (head === "mean" ? "mean" : `head ${head}`)) ?? [];
  const sheet = (layer: LayerMaps, i: number): Html =>
    html`<div>
      <h3>Block ${i}<small>${layerText(layer)}</small></h3>
      ${sheetOf({ file: `attention/block-${i}.png`, columns, rows: doubledRows(config), label: `Attention in block ${i}: ${layerText(layer)}` })}
    </div>`;
  return html`<p>
      How ${tokensOf(inspection)} attend${config.distilled ? "" : "s"} to the ${patchCount(config)} patches in each block: rows of A =
      softmax(QKᵀ/√d) in multi-head self-attention, (E7) of docs/deit.md; first the mean of the heads, then each head. What the patches do
      not get goes to the ${prefixCount(config) === 1 ? "token itself" : "two tokens"}. All maps have the same scale of colours, so that
      they can be compared: uniform attention has the colour in the middle, and a brighter patch gets more than its even share.
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
          How much each patch would contribute to ${tokensOf(inspection)} if only attention and the residual connections mixed tokens:
          attention rollout (Abnar and Zuidema 2020, arXiv 2005.00928; not in the DeiT paper). Each block multiplies what the blocks before
          it have mixed by half the sum of the identity and the mean of the heads' A. The middle of this scale is the mean of the patches of
          a map: most of a token remains the token itself, and of the rest a brighter patch contributes more than others.
        </p>
        ${colourBar(rolloutScale(inspection), "times the mean of the patches")}
      </div>
      <div>
        <h3>${end}</h3>
        ${sheetOf({ file: "rollout.png", columns: ["rollout", "over the image"], rows: tokenRows(config), label: `Rollout. ${end}` })}
      </div>
    </div>
    <div class="by-block">
      <h3>After block …</h3>
      ${sheetOf({ file: "rollout-by-block.png", columns, rows: doubledRows(config), label: "Rollout after each block" })}
    </div>`;
}

function tokens({ cosines, set }: Inspection): Html {
  if (cosines === null) return html`<p>The model is plain: it has only a class token, and no second token to compare it with.</p>`;
  return html`<div class="pair">
    <p>
      The cosine between class token and distillation token (the paper's section on the distillation token; docs/deit.md 9.5),
      ${set === null ? "on this image" : `the mean over ${set}`}, for the learned tokens at the input and after each block. The paper
      reports 0.06 at the input and 0.93 after the last block: similar, but not equal; two class tokens with the same target reached 0.999.
      It does not say whether the position embeddings are included; here they are, except in the dashed line, from which they are
      subtracted.
    </p>
    <figure>
      ${cosinePlot(cosines)}
      <figcaption>${links("token-cosine.svg", "token-cosine.json")}</figcaption>
    </figure>
  </div>`;
}

function disagreement(found: DisagreementMatrix, set: string, { config: { distilled }, beside }: Measurement): Html {
  const others = beside.length === 0 ? "" : ` Beside it: ${beside.join(", ")}, with both heads where there are two.`;
  return html`<div class="pair">
    <p>
      The share of the ${found.images} images of ${set} that two of them classify differently, as in Table 4 of the paper. The row of truth
      shows error rates.
      ${
        distilled
          ? "“both” is the mean of the two heads' logits. In the paper the distillation head agrees with the convolutional teacher more often than the class head does, and both together lie between them."
          : "A plain model has one head."
      }${others}
    </p>
    <figure class="${beside.length === 0 ? "half" : "wide"}">
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

/** The sections, in the order of the page. */
export function sectionsOf(inspection: Inspection): readonly Section[] {
  const { disagreement: found, set } = inspection;
  const measured =
    found === null || set === null
      ? []
      : [{ id: "disagreement", title: "How often the heads disagree", body: disagreement(found, set, inspection) }];
  return [
    { id: "image", title: "How it is classified", body: classification(inspection) },
    { id: "attention", title: "Where the tokens look", body: attention(inspection) },
    { id: "rollout", title: "What the tokens are made of", body: rollout(inspection) },
    { id: "tokens", title: "How alike the tokens are", body: tokens(inspection) },
    ...measured,
    { id: "files", title: "The numbers", body: files(inspection) },
  ];
}
