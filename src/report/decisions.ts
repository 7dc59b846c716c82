/** Tabulates how one image is classified: a row for each head and one for their fusion. */
import { html, percent, type Html } from "./html.ts";

export interface ShownDecision {
  readonly by: string;
  readonly decision: number;
  /** The probability of this class by softmax. */
  readonly probability: number;
}

/** Whether a decision is right or wrong; "": the class is not known. */
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
