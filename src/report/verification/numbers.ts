/** Tabulates the verdicts on one tensor: a column for the local one, and a column for the one end to end. */
import type { PictureStep, PictureTensor } from "../../recording/picture.ts";
import type { Verdict } from "../../recording/verify.ts";
import { html, nothing, type Html } from "../html.ts";
import { lookOf, signOf } from "./cell.ts";
import { figure, small, used } from "./figures.ts";
import { formulaOf } from "./formulas.ts";

export const shapeText = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

const rows: readonly (readonly [what: string, of: (verdict: Verdict) => string])[] = [
  ["error, of the scale", ({ error }) => small(error)],
  ["tolerance", ({ tolerance }) => small(tolerance.bound)],
  ["error, of the tolerance", ({ error, tolerance }) => used(error, tolerance.bound)],
  ["largest difference", ({ maxAbs }) => small(maxAbs)],
  ["root mean square", ({ rms }) => small(rms)],
  ["worst at", ({ worstIndex }) => shapeText(worstIndex)],
  ["recorded there", ({ actual }) => figure(actual)],
  ["right there", ({ expected }) => figure(expected)],
];

/** The table; a verdict that is missing has no column. */
export function numbersTable({ local, endToEnd }: PictureTensor): Html {
  const columns = [["local", local] as const, ["end to end", endToEnd] as const].flatMap(([name, verdict]) =>
    verdict === null ? [] : [{ name, verdict }],
  );
  const look = ({ verdict }: { readonly verdict: Verdict }): string => lookOf(verdict);
  return html`<table class="numbers">
    <thead>
      <tr>
        <th scope="col">compared</th>
        ${columns.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      <tr>
        <th scope="row">verdict</th>
        ${columns.map(
          (column) =>
            html`<td class="number">
              <span class="sign ${look(column)}">${signOf(lookOf(column.verdict))}</span> ${column.verdict.ok ? "right" : "wrong"}
            </td>`,
        )}
      </tr>
      ${rows.map(
        ([what, of]) =>
          html`<tr>
            <th scope="row">${what}</th>
            ${columns.map(({ verdict }) => html`<td class="number">${of(verdict)}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The steps whose formula gives the tensor. */
function formulasOf({ name, step, weight, pass }: PictureTensor, steps: readonly PictureStep[]): readonly string[] {
  const own = steps.find(({ tap }) => tap === step)?.kind ?? "images";
  if (pass === "forward") return [formulaOf(own).forward];
  if (typeof pass === "number") return [`a step of the optimiser with the gradient of ${weight ?? name}  (E35), (E36)`];
  if (weight !== null) return [formulaOf(own).backward];
  return steps.filter(({ reads }) => reads.includes(step)).map(({ kind }) => formulaOf(kind).backward);
}

/** A tensor in words: its step, and its block. */
export function wordsOf({ step, weight, pass }: PictureTensor, steps: readonly PictureStep[]): string {
  const found = steps.find(({ tap }) => tap === step);
  const { words } = formulaOf(found?.kind ?? "images");
  const place = found === undefined || found.block === null ? words : `${words} of block ${found.block}`;
  if (pass === "forward") return place;
  if (typeof pass === "number") return `${weight ?? ""} after step ${pass} of the optimiser`;
  return weight === null ? `gradient with respect to the ${place}` : `gradient of ${weight}, a parameter of the ${place}`;
}

/** What a tensor is and how it is computed. */
export function description(tensor: PictureTensor, steps: readonly PictureStep[]): Html {
  const { local, endToEnd } = tensor;
  const unjudged = local === null ? html`<p>Not judged locally.</p>` : endToEnd === null ? html`<p>Not computed end to end.</p>` : nothing;
  return html`<p>${wordsOf(tensor, steps)}, ${shapeText(tensor.shape)}</p>
    ${formulasOf(tensor, steps).map((formula) => html`<p class="formula">${formula}</p>`)}${unjudged}`;
}
