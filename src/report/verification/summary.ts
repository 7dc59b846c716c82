/** Summarises a verification in a few sentences and figures, and explains the colours and signs of the drawing. */
import type { Picture } from "../../recording/picture.ts";
import { parameterCount } from "../../model/params.ts";
import { descriptionList } from "../descriptionList.ts";
import { html, nothing, type Html } from "../html.ts";
import { signOf, STRONGER, type Look } from "./cell.ts";
import { wordsOf } from "./numbers.ts";

/** What the page says about how the recording was verified. */
export interface About {
  /** Path of the recording. */
  readonly file: string;
  /** Name of the engine and its precision. */
  readonly engine: string;
  readonly version: string;
}

const grouped = (n: number): string => n.toLocaleString("en-GB");

function verdictText({ verification: { match, tensors, first, explanations }, steps, tensors: all }: Picture): Html {
  if (match) return html`All ${grouped(tensors.length)} tensors of this recording are within their tolerance.`;
  const start = all.find(({ name }) => name === first?.name);
  const named = explanations.flatMap(({ variant }) => variant ?? []);
  const off = tensors.filter(({ ok }) => !ok).length;
  return html`The first wrong tensor is
    <code>${first?.name ?? ""}</code>${start === undefined ? nothing : html`, the ${wordsOf(start, steps)}`}.
    ${
      named.length === 0
        ? "No known error gives its values."
        : html`The error is known: ${named.map((name, i) => html`${i === 0 ? "" : ", "}<strong>${name}</strong>`)}.`
    }
    ${off === 1 ? "All other tensors are right." : html`${off} of ${grouped(tensors.length)} tensors are wrong, the others are right.`}`;
}

/** The verdict, then what was recorded and how it was verified. */
export function lead(picture: Picture, { engine, version }: About): Html {
  const { configuration, batch, verification } = picture;
  const { model, producer, dtype, loss, optimizer } = configuration;
  const facts: readonly (readonly [string, string])[] = [
    ["producer", `${producer}, in ${dtype}`],
    [
      "model",
      `${model.depth} ${model.depth === 1 ? "block" : "blocks"}, width ${model.width}, ${model.heads} heads, ${model.imageSize} × ${model.imageSize} pixels in patches of ${model.patchSize}, ${model.classes} classes${model.distilled ? ", with a distillation token" : ""}; ${grouped(parameterCount(model))} parameters`,
    ],
    [
      "recorded",
      `${grouped(verification.tensors.length)} of ${grouped(picture.tensors.length)} tensors, of ${batch} ${batch === 1 ? "image" : "images"}${loss === null ? ", without a loss" : ""}${optimizer === null ? "" : `; ${optimizer.kind}, ${optimizer.lr.length} ${optimizer.lr.length === 1 ? "step" : "steps"}`}`,
    ],
    ["verified by", `engine ${engine}, deit ${version}`],
  ];
  const { match } = verification;
  return html`<p class="lead verdict ${match ? "match" : "mismatch"}">
      <span class="sign ${match ? "right" : "off-3"}">${match ? "✓ match" : "✗ mismatch"}</span> ${verdictText(picture)}
    </p>
    ${descriptionList("facts", facts)}`;
}

const LOOKS: readonly (readonly [look: Look, text: string])[] = [
  ["right", "within its tolerance"],
  ["off-1", `beyond it, up to ${STRONGER[0]} times`],
  ["off-2", `up to ${grouped(STRONGER[1])} times`],
  ["off-3", "more than that"],
  ["unjudged", "not judged this way: what it is computed from is not in the file, or the network is large"],
];

/** How to read the drawing. */
export function legend({ bothWays, verification: { match } }: Picture): Html {
  return html`<p>
      Values flow downwards through the steps; where there are several blocks, down one column and on to the next. The line on the left of a
      block is the residual stream, the curve to its right a branch, and ⊕ an addition. The upper half of a cell shows the
      <em>local</em> error: of the step alone, computed from the recorded values that it reads. The lower half shows the error
      <em>end to end</em>: of everything computed from the images on. A step that is right above and wrong below only passes on an error
      made before it. ${bothWays ? nothing : "This network is large: what was judged locally was not computed end to end as well."} Point at
      a cell to see its numbers; open it to see all of them.
    </p>
    <ul class="legend">
      ${LOOKS.map(([look, text]) => html`<li><span class="sign ${look}">${signOf(look)}</span> ${text}</li>`)}
      <li><span class="sign absent">·</span> not recorded</li>
      ${match ? nothing : html`<li><span class="sign off-3 first">✗</span> framed: the first wrong tensor</li>`}
    </ul>`;
}
