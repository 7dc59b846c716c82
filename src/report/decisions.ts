/** What one image is taken for, a row each for heads and their fusion. */
import { html, percent, type Html } from "./html.ts";

export interface ShownDecision {
  readonly by: string;
  readonly decision: number;
  /** By softmax. */
  readonly probability: number;
}

/** Of a class that is not known nothing is right or wrong. */
const markOf = (decision: number, label: number | null): string => (label === null ? "" : decision === label ? "right" : "wrong");

/** @param label the image's class; null: not known */
export function decisionsTable(decisions: readonly ShownDecision[], classes: readonly string[], label: number | null): Html {
  const row = ({ by, decision, probability }: ShownDecision): Html =>
    html`<tr>
      <th scope="row">${by}</th>
      <td class="${markOf(decision, label)}">${classes[decision] ?? decision}</td>
      <td class="number">${percent(probability)}</td>
    </tr>`;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">by</th>
        <th scope="col">class</th>
        <th scope="col" class="number">probability</th>
      </tr>
    </thead>
    <tbody>
      ${decisions.map(row)}
    </tbody>
  </table>`;
}
