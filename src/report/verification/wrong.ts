/** Shows what is wrong: the first wrong tensor unfolded, with its numbers and explanation, the others folded. */
import type { Picture, PictureTensor, WrongTensor } from "../../recording/picture.ts";
import type { StepExplanation } from "../../recording/explain/explanation.ts";
import { descriptionList } from "../descriptionList.ts";
import { html, nothing, type Html } from "../html.ts";
import { lookOf, verdictText, signOf } from "./cell.ts";
import { small } from "./figures.ts";
import { heatMaps } from "./heat.ts";
import { description, numbersTable } from "./numbers.ts";

/** How many wrong tensors are listed; of more, only the number is given, since the drawing has them all. */
const MOST_LISTED = 150;
/** How many wrong tensors after the first are listed in sight; those with an explanation come first. */
const MOST_SHOWN = 8;

/** The equations that a text names: `(E9)`; null: none. */
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
    ${descriptionList("explanation", facts)}
  </div>`;
}

/** What is known about the first wrong tensor, if no variant explains it. */
function unexplained({ findings }: Picture["verification"]): Html {
  if (findings === null || findings.explanation !== null) return nothing;
  const { candidates, hints } = findings;
  return html`${candidates.length === 0 ? nothing : html`<p>Several known errors give these values: ${candidates.join(", ")}.</p>`}
  ${
    hints.length === 0
      ? nothing
      : html`<p>What the numbers show:</p>
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
    <small>local: ${verdictText(tensor.local)}; end to end: ${verdictText(tensor.endToEnd)}</small>
  </summary>`;
};

/** All that is known about a wrong tensor; `numbers` are its values, if they are shown. */
function detailsOf(picture: Picture, tensor: PictureTensor, numbers: WrongTensor | undefined): Html {
  const { explanations, first } = picture.verification;
  const own = explanations.filter(({ at }) => at === tensor.name);
  return html`${description(tensor, picture.steps)} ${own.map(explained)}
  ${first?.name === tensor.name ? unexplained(picture.verification) : nothing} ${numbers === undefined ? nothing : heatMaps(numbers)}
  ${numbersTable(tensor)}`;
}

/** The wrong tensors in the order of the computation, first those that are wrong locally. */
export function wrong(picture: Picture): Html {
  const { first } = picture.verification;
  const numbers = new Map(picture.wrongTensors.map((tensor) => [tensor.verdict.name, tensor]));
  const off = picture.tensors.filter((tensor) => [tensor.local, tensor.endToEnd].some((verdict) => verdict?.ok === false));
  const shownFirst = ({ name }: PictureTensor): number => (numbers.has(name) ? 0 : 1);
  const wrongThemselves = off
    .filter((tensor) => judged(tensor)?.ok === false && tensor.name !== first?.name)
    .toSorted((a, b) => shownFirst(a) - shownFirst(b));
  const wrongInputs = off.filter((tensor) => judged(tensor)?.ok === true);
  const start = off.find(({ name }) => name === first?.name);
  const details = (tensor: PictureTensor): Html =>
    html`<details>
      ${summary(tensor)}
      <div class="inside">${detailsOf(picture, tensor, numbers.get(tensor.name))}</div>
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
  const [shown, others] = [wrongThemselves.slice(0, MOST_SHOWN), wrongThemselves.slice(MOST_SHOWN)];
  return html`${
    start === undefined
      ? nothing
      : html`<details open class="first" id="first">
          ${summary(start)}
          <div class="inside">${detailsOf(picture, start, numbers.get(start.name))}</div>
        </details>`
  }
  ${wrongThemselves.length + wrongInputs.length === 0 ? nothing : html`<h3 class="list">Wrong as well</h3>`} ${list(shown)}
  ${folded(`${others.length} more that are wrong`, others)}
  ${folded(`${wrongInputs.length} that are right locally, and wrong end to end because what they are computed from is wrong`, wrongInputs)}`;
}
