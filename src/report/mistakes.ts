/** Shows which classes are taken for which others: the confusion matrix, and the most frequent mistakes. */
import * as Plot from "@observablehq/plot";
import { confusions, mostConfused, type Confusion } from "./confusion.ts";
import { html, nothing, percent, type Html } from "./html.ts";
import { colour, drawn, WIDTH } from "./plots.ts";
import type { Collected, Mistake } from "./collect.ts";

/** The most classes of a confusion matrix that can still be read. */
const MOST_CLASSES = 30;
/** A matrix of more classes than this takes the full width of the page. */
const WIDE = 12;
/** Rows of the table of mistakes: with a matrix, and without one. */
const MISTAKES = { withMatrix: 10, alone: 20 };

/** Least and largest side of a cell, in CSS pixels. */
const CELL = { least: 26, most: 60 };
/** From this opacity of a cell on, its count is written in the colour of the page. */
const DARK = 0.6;
/** Width of a letter in CSS pixels, and the most letters of a name. */
const LETTER = 7;
const LONGEST = 16;

/** Rows are true classes, columns are decisions. A cell shows its count; its opacity is the square root of its share of the row. */
function confusionPlot(entries: readonly Confusion[], classes: readonly string[]): Html {
  const numbers = classes.map((_, i) => i);
  const names = classes.map((name) => (name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name));
  const longest = Math.max(...names.map(({ length }) => length));
  const margin = 40 + LETTER * longest;
  const axis = { domain: numbers, tickFormat: (i: number) => names[i] ?? "", tickSize: 0 };
  const cell = Math.min(CELL.most, Math.max(CELL.least, (WIDTH - margin) / classes.length));
  const side = cell * classes.length;
  const place = { x: "decision", y: "label" };
  const shade = ({ share }: Confusion): number => Math.sqrt(share);
  const faint = (entry: Confusion): boolean => shade(entry) < DARK;
  const right = entries.reduce((sum, { label, decision, count }) => sum + (label === decision ? count : 0), 0);
  return drawn(`Confusion matrix of ${classes.length} classes; ${right} images lie on its diagonal.`, {
    width: side + margin + 20,
    height: side + margin + 20,
    marginLeft: margin,
    marginTop: margin,
    marginRight: 20,
    marginBottom: 20,
    padding: 0.06,
    x: { ...axis, label: "taken for →", axis: "top", ...(longest > 3 ? { tickRotate: -90 } : {}) },
    y: { ...axis, label: "true class" },
    color: { type: "identity" },
    marks: [
      Plot.cell(
        numbers.flatMap((label) => numbers.map((decision) => ({ label, decision }))),
        { ...place, fill: "currentColor", fillOpacity: 0.035 },
      ),
      Plot.cell(entries, {
        ...place,
        fill: ({ label, decision }: Confusion) => colour(label === decision ? "right" : "wrong"),
        fillOpacity: shade,
      }),
      Plot.text(entries, { ...place, text: "count", filter: faint, fill: "currentColor" }),
      Plot.text(entries, { ...place, text: "count", filter: (e: Confusion) => !faint(e), fill: "var(--page)" }),
    ],
  });
}

const LOSS_DIGITS = 2;

/** The mistakes with the largest losses. */
function worstTable(worst: readonly Mistake[], nameOf: (i: number) => string): Html {
  const rows = worst.map(
    ({ name, label, decision, probability, loss }) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${nameOf(label)}</td>
        <td>${nameOf(decision)}</td>
        <td class="number">${percent(probability)}</td>
        <td class="number">${loss.toFixed(LOSS_DIGITS)}</td>
      </tr>`,
  );
  return html`<table id="worst">
    <caption>
      The worst mistakes: those with the largest loss
    </caption>
    <thead>
      <tr>
        <th scope="col">image</th>
        <th scope="col">true class</th>
        <th scope="col">taken for</th>
        <th scope="col" class="number">with probability</th>
        <th scope="col" class="number">loss, nats</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

export function mistakes({ images, judged, worst }: Collected, classes: readonly string[]): Html {
  const entries = confusions(judged);
  const readable = classes.length <= MOST_CLASSES;
  const pairs = mostConfused(entries, readable ? MISTAKES.withMatrix : MISTAKES.alone);
  const name = (i: number): string => classes[i] ?? `${i}`;
  const some =
    judged.length < images ? `${judged.length} of the ${images} test images, taken at equal distances` : `All ${images} test images`;
  const matrix = readable
    ? html`<figure class="${classes.length > WIDE ? "wide" : "narrow"}">
        ${confusionPlot(entries, classes)}
        <figcaption>
          Rows are true classes, columns are decisions, numbers count images. The shade is the square root of the share of the row, so that
          rare mistakes are visible.
        </figcaption>
      </figure>`
    : nothing;
  const rows = pairs.map(
    ({ label, decision, count, share }) =>
      html`<tr>
        <th scope="row">${name(label)}</th>
        <td>${name(decision)}</td>
        <td class="number">${count}</td>
        <td class="number">${percent(share)}</td>
      </tr>`,
  );
  return html`<p>${some}, by the fused decision (mean of logits).</p>
    <div class="pair">
      ${matrix}
      <table>
        <caption>
          ${rows.length === 0 ? "No mistakes." : "The most frequent mistakes"}
        </caption>
        <thead>
          <tr>
            <th scope="col">true class</th>
            <th scope="col">taken for</th>
            <th scope="col" class="number">images</th>
            <th scope="col" class="number">of its class</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    ${worst.length === 0 ? nothing : worstTable(worst, name)}`;
}
