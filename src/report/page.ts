/** Writes `report.html`: a run on one page that needs no script and no other file, while it goes on and after its end. Equal reports give equal pages. */
import { accuracies, soFar } from "./accuracies.ts";
import { MOST_EXAMPLES } from "./collect.ts";
import { cards } from "./examples.ts";
import { documentText, type Section } from "./document.ts";
import { html, type Html } from "./html.ts";
import { mistakes } from "./mistakes.ts";
import { curves } from "./curves.ts";
import { cosinePlot } from "./plots.ts";
import type { Report } from "./report.ts";
import { lead, tiles } from "./summary.ts";

/** In place of what is not known yet. */
const later = html`<p>The student has not been trained yet.</p>`;

function attention({ collected, recipe: { model }, classes }: Report): Html {
  if (collected === null) return later;
  return html`<p>
      The attention of the ${model.distilled ? "class token and of the distillation token" : "class token"} in the last block, the mean of
      its ${model.heads} heads. The more attention a patch gets, the stronger its colour, in proportion to the most attended patch. The
      percentage is what all patches get together; the rest goes to the ${model.distilled ? "two tokens themselves" : "token itself"}. There
      are up to ${MOST_EXAMPLES} test images, half of them wrongly classified if there are so many: of each class the one with the largest
      loss.
    </p>
    ${cards(collected.examples, model, classes)}`;
}

function cosines({ cosines: found, recipe: { model } }: Report): Html {
  if (!model.distilled) return html`<p>The model is plain: it has only a class token.</p>`;
  if (found === null) return later;
  return html`<div class="pair">
    <p>
      The cosine between class token and distillation token, the mean over the test images, at the input and after each block. The paper
      reports 0.06 for the learned tokens and 0.93 after the last block: the tokens become similar, but not equal. It does not say whether
      the position embeddings are included; here they are, except in the dashed line, from which they are subtracted.
    </p>
    <figure>${cosinePlot(found)}</figure>
  </div>`;
}

/** A table of texts; the first of each row names the row. */
const table = (caption: string, head: readonly string[], rows: readonly (readonly string[])[]): Html =>
  html`<table class="texts">
    <caption>
      ${caption}
    </caption>
    <thead>
      <tr>
        ${head.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ([name = "", value = "", ...rest]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td class="value">${value}</td>
            ${rest.map((text) => html`<td>${text}</td>`)}
          </tr> `,
      )}
    </tbody>
  </table>`;

/** The values of the recipe, a table for each part. */
function recipe({ values }: Report): Html {
  const partOf = (key: string): string => (key.includes(".") ? key.slice(0, key.indexOf(".")) : "run");
  const parts = [...new Set(values.map(({ key }) => partOf(key)))];
  const rows = (part: string): readonly (readonly string[])[] =>
    values.filter(({ key }) => partOf(key) === part).map(({ key, value, source }) => [key, JSON.stringify(value), source]);
  return html`<p>Each value, and where it comes from. A resumed run takes all of them from its own recipe.toml.</p>
    <div class="columns">${parts.map((part) => table(part, ["key", "value", "from"], rows(part)))}</div>`;
}

function sectionsOf(report: Report): readonly Section[] {
  return [
    { id: "accuracy", title: "How accurate it is", body: report.result === null ? soFar(report) : accuracies(report.result) },
    { id: "training", title: "How it learned", body: curves(report) },
    { id: "attention", title: "Where it looks", body: attention(report) },
    { id: "confusion", title: "What it confuses", body: report.collected === null ? later : mistakes(report.collected, report.classes) },
    { id: "tokens", title: "How alike the tokens are", body: cosines(report) },
    { id: "recipe", title: "Recipe", body: recipe(report) },
    {
      id: "environment",
      title: "Environment",
      body: table("Where the run was computed, and when.", ["what", "value"], report.environment),
    },
  ];
}

/** How often a browser loads the page of a run that goes on, in seconds. */
const REFRESH = 20;

/** The text of the page. */
export function page(report: Report): string {
  const { name, seed } = report.recipe;
  return documentText({
    title: `${name}, seed ${seed} · deit`,
    over: "deit · report of a run",
    heading: `${name}, seed ${seed}`,
    lead: html`${lead(report)} ${tiles(report)}`,
    sections: sectionsOf(report),
    refresh: report.unfinished?.running === true ? REFRESH : null,
  });
}
