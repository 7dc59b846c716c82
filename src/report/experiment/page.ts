/** Writes the page of an experiment: ours beside the paper's, and what is seen. It needs no script and no other file. */
import type { Judged, Measured, ResultFile } from "../../experiments/result.ts";
import { effectText, intervalText, points } from "../../experiments/texts.ts";
import { documentText } from "../document.ts";
import { html, type Html } from "../html.ts";
import { accuraciesPlot, differencesPlot } from "./plots.ts";

const DIGITS = 2;
const number = (x: number): string => (Number.isFinite(x) ? x.toFixed(DIGITS) : "–");
/** On a narrow screen a wide table is scrolled. */
const ownStyle = `
.scrolled { overflow-x: auto; }
.scrolled tbody th { min-width: 9rem; overflow-wrap: normal; word-break: normal; }
.scrolled td { white-space: nowrap; padding-left: 1rem; }
`;

/** A table whose first column names the rows. */
const tableOf = (caption: string, head: readonly string[], rows: readonly (readonly string[])[]): Html =>
  html`<div class="scrolled" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((name, i) => html`<th scope="col" class="${i === 0 ? "" : "number"}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name = "", ...cells]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;

const accuracies = ({ quantities, paper, seeds }: ResultFile): Html =>
  html`<div class="pair">
    ${tableOf(
      `Top-1 on the test images in percent, the mean of ${seeds} seeds; the paper’s are of ${paper}.`,
      ["", "mean", "standard error", "paper"],
      quantities.map((q: Measured) => [q.name, number(q.mean), number(q.standardError), q.paper === null ? "–" : q.paper.toFixed(1)]),
    )}
    <figure>
      ${accuraciesPlot(quantities)}
      <figcaption>Every seed, and the mean.</figcaption>
    </figure>
  </div>`;

const differences = ({ claims, power }: ResultFile): Html =>
  html`${tableOf(
      "Differences in points, seed by seed, with the 95 % interval of their mean.",
      ["claim", "ours", "interval", "paper", "reading"],
      claims.map((claim: Judged, i) => [
        `${i + 1}. ${claim.text}`,
        points(claim.mean),
        intervalText(claim.interval),
        effectText(claim.says),
        claim.reading,
      ]),
    )}
    <div class="pair">
      <p>
        Dots are ours, bars their 95 % intervals, rings the paper’s effects, bands what counts as equal. Seen: the interval lies above 0, or
        within the band. Not seen: it lies below the paper’s effect, or outside of the band. Stated beforehand: an effect of
        ${number(power)} points would be seen in 80 % of all repetitions.
      </p>
      <figure>${differencesPlot(claims)}</figure>
    </div>`;

/** The text of the page; equal results give equal pages. */
export function experimentPage(result: ResultFile): string {
  const { title, question, source } = result;
  return documentText({
    title,
    over: `deit experiment ${result.experiment}: ${source} in miniature`,
    heading: title,
    ownStyle,
    lead: html`<p class="lead">${question}</p>`,
    sections: [
      { id: "accuracies", title: "Ours beside the paper’s", body: accuracies(result) },
      { id: "differences", title: "What is seen", body: differences(result) },
      {
        id: "measured",
        title: "How it was measured",
        body: tableOf(
          "Every number on this page is also in result.json.",
          ["", ""],
          [
            ["command", result.command],
            ["data", result.data],
            ["recipe", result.recipe],
            ["seeds", `0 … ${result.seeds - 1}`],
            ["machine", result.machine],
            ["date", result.date],
            ["deit", result.version],
            ["commit", result.commit ?? "not a checkout"],
          ],
        ),
      },
    ],
  });
}
