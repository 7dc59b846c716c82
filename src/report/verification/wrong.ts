/** What is wrong: the first tensor opened with its numbers and the explanation, the others to be opened. */
import type { Picture, PictureTensor, WrongTensor } from "../../recording/picture.ts";
import type { StepExplanation } from "../../recording/explain/explanation.ts";
import { html, nothing, type Html } from "../html.ts";
import { lookOf, said, signOf } from "./cell.ts";
import { small } from "./figures.ts";
import { heatMaps } from "./heat.ts";
import { numbersTable, what } from "./numbers.ts";

/** Of a file with more wrong tensors the rest are told as a number; the drawing has them all. */
const MOST_LISTED = 150;
/** So many beside the first are in sight; those that are explained come first. */
const MOST_SHOWN = 8;

/** `(E9)` of a text that points to an equation. */
const equationOf = (text: string): string | null => /\((?:E|G)\d+\)(?:, \((?:E|G)\d+\))*/.exec(text)?.[0] ?? null;

function explained({ variant, text, residual, count }: StepExplanation): Html {
  if (variant === null) return html`<p class="why">${text}</p>`;
  const equation = equationOf(text);
  const facts: readonly (readonly [string, string])[] = [
    ...(equation === null ? [] : [["formula in docs/deit.md", equation] as const]),
    ...(residual === null ? [] : [["its values differ from the recorded ones by", `${small(residual)} of their scale`] as const]),
    ["blocks with this error here", `${count}`],
  ];
  return html`<div class="why">
    <p><strong>${variant}</strong>: ${text}</p>
    <dl>
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </div>`;
}

/** Of the first, where nothing is claimed. */
function unexplained({ findings }: Picture["verification"]): Html {
  if (findings === null || findings.explanation !== null) return nothing;
  const { candidates, hints } = findings;
  return html`${candidates.length === 0 ? nothing : html`<p>Several known errors give these values: ${candidates.join(", ")}.</p>`}
  ${
    hints.length === 0
      ? nothing
      : html`<p>What the numbers themselves show:</p>
          <ul class="hints">
            ${hints.map((hint) => html`<li>${hint}</li>`)}
          </ul>`
  }`;
}

const judged = ({ local, endToEnd }: PictureTensor): PictureTensor["local"] => local ?? endToEnd;

const summary = (tensor: PictureTensor): Html => {
  const look = lookOf(judged(tensor));
  return html`<summary>
    <span class="sign ${look}">${signOf(look)}</span> <code>${tensor.name}</code>
    <small>local: ${said(tensor.local)}; end to end: ${said(tensor.endToEnd)}</small>
  </summary>`;
};

function opened(picture: Picture, tensor: PictureTensor, specimen: WrongTensor | undefined): Html {
  const { explanations, first } = picture.verification;
  const own = explanations.filter(({ at }) => at === tensor.name);
  return html`${what(tensor, picture.steps)} ${own.map(explained)}
  ${first?.name === tensor.name ? unexplained(picture.verification) : nothing} ${specimen === undefined ? nothing : heatMaps(specimen)}
  ${numbersTable(tensor)}`;
}

/** The wrong tensors in the order of the computation, those first that are wrong by what they are made from. */
export function wrong(picture: Picture): Html {
  const { first } = picture.verification;
  const specimens = new Map(picture.wrongTensors.map((specimen) => [specimen.verdict.name, specimen]));
  const off = picture.tensors.filter((tensor) => [tensor.local, tensor.endToEnd].some((verdict) => verdict?.ok === false));
  const shownFirst = ({ name }: PictureTensor): number => (specimens.has(name) ? 0 : 1);
  const byOwn = off
    .filter((tensor) => judged(tensor)?.ok === false && tensor.name !== first?.name)
    .toSorted((a, b) => shownFirst(a) - shownFirst(b));
  const byOthers = off.filter((tensor) => judged(tensor)?.ok === true);
  const start = off.find(({ name }) => name === first?.name);
  const details = (tensor: PictureTensor): Html =>
    html`<details>
      ${summary(tensor)}
      <div class="inside">${opened(picture, tensor, specimens.get(tensor.name))}</div>
    </details>`;
  const list = (tensors: readonly PictureTensor[]): Html =>
    html`${tensors.slice(0, MOST_LISTED).map(details)}
    ${tensors.length > MOST_LISTED ? html`<p>${tensors.length - MOST_LISTED} more are in the drawing.</p>` : nothing}`;
  const folded = (text: string, tensors: readonly PictureTensor[]): Html =>
    tensors.length === 0
      ? nothing
      : html`<details>
          <summary>${text}</summary>
          <div class="inside">${list(tensors)}</div>
        </details>`;
  const [shown, others] = [byOwn.slice(0, MOST_SHOWN), byOwn.slice(MOST_SHOWN)];
  return html`${
    start === undefined
      ? nothing
      : html`<details open class="first" id="first">
          ${summary(start)}
          <div class="inside">${opened(picture, start, specimens.get(start.name))}</div>
        </details>`
  }
  ${byOwn.length + byOthers.length === 0 ? nothing : html`<h3 class="list">Wrong as well</h3>`} ${list(shown)}
  ${folded(`${others.length} more that are wrong`, others)}
  ${folded(`${byOthers.length} that are right by what they are made from, and wrong end to end because that is wrong`, byOthers)}`;
}
