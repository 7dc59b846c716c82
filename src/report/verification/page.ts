/** Writes a verification as one page that needs no script and no other file: the network with the errors of its steps, and what is wrong. */
import type { Picture, PictureTensor } from "../../recording/picture.ts";
import { documentText, type Section } from "../document.ts";
import { html, nothing, type Html } from "../html.ts";
import { used } from "./figures.ts";
import { network, type PanelId } from "./network.ts";
import { description, numbersTable } from "./numbers.ts";
import { verificationStyle } from "./style.ts";
import { lead, legend, type About } from "./summary.ts";
import { wrong } from "./wrong.ts";

/** The most tensors whose numbers open in a panel; if there are more, the wrong ones come first. */
const MOST_PANELS = 900;

const isWrong = ({ local, endToEnd }: PictureTensor): boolean => [local, endToEnd].some((verdict) => verdict?.ok === false);

/** The panel of numbers that a cell opens. */
const panel = (picture: Picture, tensor: PictureTensor, id: string): Html =>
  html`<div popover id="${id}" class="numbers-of">
    <h3><code>${tensor.name}</code></h3>
    ${description(tensor, picture.steps)} ${numbersTable(tensor)}
  </div>`;

const PASSES: readonly (readonly [pass: PictureTensor["pass"], name: string])[] = [
  ["forward", "taps and loss"],
  ["backward", "cotangents and gradients"],
];

/** A table of the largest error of each pass. */
function worst({ tensors }: Picture): Html {
  const optimiserSteps = [...new Set(tensors.flatMap(({ pass }) => (typeof pass === "number" ? [pass] : [])))];
  const rows = [...PASSES, ...optimiserSteps.map((step) => [step, `weights after step ${step}`] as const)].flatMap(([pass, name]) => {
    const verdicts = tensors.flatMap((tensor) => (tensor.pass === pass ? (tensor.local ?? tensor.endToEnd ?? []) : []));
    const [most] = verdicts.toSorted((a, b) => b.error / b.tolerance.bound - a.error / a.tolerance.bound);
    return most === undefined ? [] : [{ name, count: verdicts.length, most }];
  });
  return html`<table>
    <caption>
      The largest error of each part, as a share of its tolerance
    </caption>
    <thead>
      <tr>
        <th scope="col">part</th>
        <th scope="col" class="number">tensors</th>
        <th scope="col">largest at</th>
        <th scope="col" class="number">of tolerance</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ name, count, most }) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td class="number">${count}</td>
            <td><code>${most.name}</code></td>
            <td class="number">${used(most.error, most.tolerance.bound)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function drawing(picture: Picture, panelId: PanelId): Html {
  const has = (pass: PictureTensor["pass"]): boolean => picture.tensors.some((tensor) => tensor.pass === pass && tensor.recorded);
  const both = has("backward");
  const caption = "Forward pass, from the top down: the loss, and the taps (the named intermediate values of a recording)";
  const forward = network(picture, "forward", caption, panelId, !both);
  if (!both)
    return html`${legend(picture)}
      <div class="passes">${forward}</div>
      <p>The file holds no cotangents and no gradients, so there is no backward pass to draw.</p>`;
  const backward = network(
    picture,
    "backward",
    "Backward pass, from the bottom up: cotangents (gradients of taps), and gradients of weights",
    panelId,
  );
  return html`${legend(picture)}
    <div class="pair passes">${forward} ${backward}</div>`;
}

function optimiser(picture: Picture, panelId: PanelId): Html {
  const steps = [...new Set(picture.tensors.flatMap(({ pass, recorded }) => (typeof pass === "number" && recorded ? [pass] : [])))];
  return html`<p>The weights after each step, a row for each parameter.</p>
    <div class="pair passes">${steps.map((step) => network(picture, step, `Weights after step ${step}`, panelId))}</div>`;
}

/** The text of the page. Equal pictures give equal pages. */
export function verificationPage(picture: Picture, about: About): string {
  const recorded = picture.tensors.filter((tensor) => tensor.recorded);
  const panelled = [...recorded.filter(isWrong), ...recorded.filter((tensor) => !isWrong(tensor))].slice(0, MOST_PANELS);
  const ids = new Map(panelled.map((tensor, i) => [tensor, `numbers-${i}`]));
  const panelId: PanelId = (tensor) => ids.get(tensor) ?? null;
  const steps = picture.tensors.some(({ pass, recorded: held }) => typeof pass === "number" && held);
  const sections: readonly Section[] = [
    { id: "network", title: "The network, step by step", body: drawing(picture, panelId) },
    ...(steps ? [{ id: "optimiser", title: "The optimiser", body: optimiser(picture, panelId) }] : []),
    ...(picture.tensors.some(isWrong) ? [{ id: "wrong", title: "What is wrong", body: wrong(picture) }] : []),
    { id: "errors", title: "How large the errors are", body: worst(picture) },
  ];
  const name = about.file.split(/[\\/]/).at(-1) ?? about.file;
  const text = documentText({
    title: `${name}: ${picture.verification.match ? "match" : "mismatch"} · deit verify`,
    over: "deit · verification of a recording",
    heading: name,
    lead: html`${lead(picture, about)}`,
    sections,
    ownStyle: verificationStyle,
    after: panelled.length === 0 ? nothing : html`${panelled.map((tensor) => panel(picture, tensor, ids.get(tensor) ?? ""))}`,
  });
  return text.replaceAll(/\n\s+/g, "\n"); // indentation would be a third of the page
}
