/** Shows how accurate each head, both together, and the teacher are: a table and a plot. */
import type { Accuracy } from "../train/evaluation/accuracy.ts";
import { html, percent, type Html } from "./html.ts";
import { scoresPlot, type Score } from "./plots.ts";
import type { Report, Results } from "./report.ts";

const LOSS_DIGITS = 4;

/** The 97.5 % point of the normal distribution. */
const Z = 1.96;

/** The 95 % confidence interval of a share p observed in n draws (Wilson 1927). */
export function interval(p: number, n: number): readonly [from: number, to: number] {
  const z2 = Z ** 2 / n;
  const centre = (p + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n));
  return [centre - half, centre + half];
}

type Row = readonly [name: string, by: Score["by"], accuracy: Accuracy];

function rowsOf({ teacher, teachers, student }: Results): readonly Row[] {
  const { class: own, distillation, mean, "softmax-sum": bySum } = student;
  const several = teachers.length > 1;
  const each = teachers.flatMap(({ name, accuracy }, i): readonly Row[] =>
    accuracy === null ? [] : [[`teacher ${i}: ${name}`, "teacher", accuracy]],
  );
  return [
    ...(several ? each : []),
    ...(teacher === null ? [] : [[several ? "teachers together" : "teacher", "teacher", teacher] as const]),
    ["class head", "class", own],
    ...(distillation === null
      ? []
      : ([
          ["distillation head", "distillation", distillation],
          ["both: mean of logits", "fused", mean],
          ["both: sum of softmax", "fused", bySum],
        ] as const)),
  ];
}

const line = ([name, by, { top1, top5, loss }]: Row): Html =>
  html`<tr>
    <th scope="row"><i class="dot ${by}"></i>${name}</th>
    <td class="number">${percent(top1)}</td>
    <td class="number">${percent(top5)}</td>
    <td class="number">${loss.toFixed(LOSS_DIGITS)}</td>
  </tr> `;

/** The results of a run that has ended. */
export function accuracies(results: Results): Html {
  const rows = rowsOf(results);
  const scores = rows.map(([name, by, { top1, images }]) => ({ name, by, top1, interval: interval(top1, images) }));
  const { images, disagreement } = results.student.mean;
  return html`<div class="pair">
    <table>
      <caption>
        On ${images} test images. ${disagreement === null ? "" : `The two heads disagree on ${percent(disagreement)} of them.`}
      </caption>
      <thead>
        <tr>
          <th scope="col">decided by</th>
          <th scope="col" class="number">top-1</th>
          <th scope="col" class="number">top-5</th>
          <th scope="col" class="number">loss, nats</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
    </table>
    <figure>
      ${scoresPlot(scores)}
      <figcaption>Top-1 with its 95 % confidence interval: with ${images} images, smaller differences may be chance.</figcaption>
    </figure>
  </div>`;
}

/** What the metrics call each accuracy. */
const NAMES = [
  ["top1", "both heads"],
  ["top1_class", "class head"],
  ["top1_distillation", "distillation head"],
  ["top1_ema", "averaged weights"],
] as const;

/** The results of the last evaluation of a run that has not ended. */
export function soFar({ metrics, recipe: { model } }: Report): Html {
  const row = metrics.student.evaluated.at(-1);
  const teacher = metrics.teacher.evaluated.at(-1);
  const found = NAMES.flatMap(([key, name]) => {
    const top1 = row?.[key];
    return top1 === undefined ? [] : [[key === "top1" && !model.distilled ? "class head" : name, top1] as const];
  });
  const rows = [...(teacher?.["top1"] === undefined ? [] : [["teacher", teacher["top1"]] as const]), ...found];
  if (rows.length === 0) return html`<p>The test images are evaluated at the end of each epoch; none has ended yet.</p>`;
  return html`<table>
    <caption>
      On the test images at the end of the last epoch.
    </caption>
    <thead>
      <tr>
        <th scope="col">decided by</th>
        <th scope="col" class="number">top-1</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ([name, top1]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td class="number">${percent(top1)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
