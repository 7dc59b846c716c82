/** Shows test images as cards: the image, the attention of each token to it, and how each head classifies it. */
import { pngAddress, pngOf } from "../io/png.ts";
import { patchCount, type DeitConfig } from "../model/config.ts";
import type { Example } from "./collect.ts";
import { decisionsTable } from "./decisions.ts";
import { html, nothing, percent, type Html } from "./html.ts";

/** Opacity of the most attended patch; the others are in proportion. */
const STRONGEST = 0.8;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const tokens = ["class", "distillation"] as const;

interface Picture {
  readonly id: string;
  readonly side: number;
  readonly patch: number;
}

/** The patches in the colour of a token, the stronger the more of its attention they get. */
function patchesOf(patches: readonly number[], { side, patch }: Picture): readonly Html[] {
  const most = Math.max(...patches, Number.MIN_VALUE); // not 0, even if the patches get no attention
  const columns = side / patch;
  return patches.map((weight, i) => {
    const [x, y] = [patch * (i % columns), patch * Math.floor(i / columns)];
    const opacity = ((STRONGEST * weight) / most).toFixed(3);
    return html`<rect x="${x}" y="${y}" width="${patch}" height="${patch}" fill-opacity="${opacity}"
      ><title>${percent(weight)}</title></rect
    >`;
  });
}

function attentionFigure(token: (typeof tokens)[number], row: readonly number[], picture: Picture, patches: number): Html {
  const own = row.slice(row.length - patches);
  const share = percent(sum(own));
  return html`<figure>
    <svg viewBox="0 0 ${picture.side} ${picture.side}" role="img" aria-label="attention of the ${token} token: ${share} on the patches">
      <use href="#${picture.id}" />
      <g fill="var(--${token})">${patchesOf(own, picture)}</g>
    </svg>
    <figcaption><i class="dot ${token}"></i>${token}<br />${share}</figcaption>
  </figure>`;
}

function card({ sample, label, pixels, decisions, attention }: Example, config: DeitConfig, classes: readonly string[]): Html {
  const picture = { id: `image-${sample}`, side: config.imageSize, patch: config.patchSize };
  const png = pngAddress(pngOf(pixels, picture.side));
  const fused = decisions.at(-1)?.decision ?? NaN;
  const right = fused === label;
  const name = classes[label] ?? label;
  return html`<article class="card">
    <h3>
      <span>${name}</span>
      <small class="${right ? "right" : "wrong"}">${right ? "right" : html`taken for ${classes[fused] ?? fused}`}</small>
    </h3>
    <div class="looks">
      <figure>
        <svg viewBox="0 0 ${picture.side} ${picture.side}" role="img" aria-label="test image ${sample}, of class ${name}">
          <image id="${picture.id}" width="${picture.side}" height="${picture.side}" href="${png}" />
        </svg>
        <figcaption>test image<br />${sample}</figcaption>
      </figure>
      ${attention.map((row, i) => attentionFigure(tokens[i] ?? "class", row, picture, patchCount(config)))}
    </div>
    ${decisionsTable(decisions, classes, label)}
  </article> `;
}

/** The cards; none without examples. */
export const cards = (examples: readonly Example[], config: DeitConfig, classes: readonly string[]): Html =>
  examples.length === 0 ? nothing : html`<div class="cards">${examples.map((example) => card(example, config, classes))}</div>`;
