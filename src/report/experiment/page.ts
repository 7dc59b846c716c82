/** Writes the page of an experiment: ours beside the paper's, and what is seen. It needs no script and no other file. */
import type { Judged, Measured, ResultFile } from "../../experiments/result.ts";
import { effectText, intervalText, seedsText } from "../../experiments/texts.ts";
import { differenceText, numberText, paperText, type Unit } from "../../experiments/units.ts";
import { documentText } from "../document.ts";
import { html, type Html } from "../html.ts";
import { differencesPlot, figurePlot, seedsPlot } from "./plots.ts";

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

/** The units of these, each once, in their order. */
const unitsOf = (all: readonly { readonly unit: Unit }[]): readonly Unit[] => [...new Set(all.map(({ unit }) => unit))];

const quantitiesOf = ({ quantities, paper, recipe, seeds }: ResultFile): Html =>
  html`${tableOf(
    `The mean of ${seedsText({ recipe, seeds })}; in the paper: ${paper}.`,
    ["", "mean", "standard error", "paper", ""],
    quantities.map((q: Measured) => [
      q.name,
      numberText(q.unit, q.mean),
      numberText(q.unit, q.standardError),
      paperText(q.unit, q.paper),
      q.unit,
    ]),
  )}${unitsOf(quantities).map(
    (unit) =>
      html`<figure>
        ${seedsPlot(
          unit,
          quantities.filter((q) => q.unit === unit),
        )}
        <figcaption>Every value, and the mean.</figcaption>
      </figure> `,
  )}`;

const figures = ({ figures: all }: ResultFile): Html =>
  html`${all.map(
    (figure) =>
      html`<figure>
        ${figurePlot(figure)}
        <figcaption>${figure.title}</figcaption>
      </figure> `,
  )}`;

const differences = ({ claims, because }: ResultFile): Html =>
  html`${tableOf(
      "Paired differences, with the 95 % interval of their mean. Power: the difference that was expected to be seen in 80 % of all repetitions.",
      ["claim", "ours", "interval", "paper", "power", "reading"],
      claims.map(({ text, unit, mean, interval, says, power, reading }: Judged, i) => [
        `${i + 1}. ${text}`,
        differenceText(unit, mean),
        intervalText(unit, interval),
        effectText(unit, says),
        differenceText(unit, power),
        reading,
      ]),
    )}
    <p>
      Dots are ours, bars their 95 % intervals, rings the paper’s effects, bands what counts as equal. Seen: the interval lies above no
      difference, or within the band. Not seen: it lies below the paper’s effect, or outside of the band. Stated beforehand: ${because}.
    </p>
    ${unitsOf(claims).map((unit) => html`<figure>${differencesPlot(unit, claims)}</figure> `)}`;

/** What was run for each seed, beside the recipe. */
const stepsOf = ({ arms, measurements }: ResultFile): readonly (readonly string[])[] => [
  ...arms.map(({ name, set }) => [
    `arm ${name}`,
    set.length === 0 ? "the recipe as it is" : set.map((change) => `--set ${change}`).join(" "),
  ]),
  ...measurements.map(({ name, command }) => [`measurement ${name}`, `deit ${command.join(" ")}`]),
];

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
      { id: "quantities", title: "Ours beside the paper’s", body: quantitiesOf(result) },
      ...(result.figures.length === 0 ? [] : [{ id: "figures", title: "Figures", body: figures(result) }]),
      { id: "differences", title: "What is seen", body: differences(result) },
      {
        id: "measured",
        title: "How it was measured",
        body: tableOf(
          `Every number on this page is also in ${result.experiment}.json. {data} are the images, {token} is the folder of the run of the arm token.`,
          ["", ""],
          [
            ["command", result.command],
            ["data", result.data],
            ["recipe", result.recipe ?? "none"],
            ...stepsOf(result),
            ["values", `one for each of ${seedsText(result)}`],
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
