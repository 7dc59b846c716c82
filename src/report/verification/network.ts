/** Draws one pass through the network as a table: a row for each step, with lines for the flow of values, and a column for each block. */
import type { Picture, PictureTensor } from "../../recording/picture.ts";
import { html, nothing, type Html } from "../html.ts";
import { cell } from "./cell.ts";
import { formulaOf } from "./formulas.ts";
import { panelsOf, type Panel, type Row } from "./rows.ts";
import { STREAM, trackDrawing, tracksOf, type Track } from "./tracks.ts";

/** Id of the panel with the numbers of a tensor; null: there is none. */
export type PanelId = (tensor: PictureTensor) => string | null;

/** How many panels of blocks are drawn; the others of a deeper network are summarised in a line. */
const MOST_PANELS = 4;
/** With more columns than this, cells have no room for numbers on a small screen. */
const MANY = 4;

interface Drawing {
  readonly picture: Picture;
  readonly pass: PictureTensor["pass"];
  readonly panelId: PanelId;
  /** How many columns of blocks there are. */
  readonly span: number;
  /** Whether a last column shows the formulas. */
  readonly formulas: boolean;
}

/** The cell of what a pass starts from, which is not a result; null: the row is a result. */
function start({ step, own }: Row, { pass, span }: Drawing): Html | null {
  const given = pass === "forward" ? step === null : pass === "backward" && own && step?.tap === "loss";
  return given ? html`<td class="given" colspan="${span}">${pass === "forward" ? "given" : "1"}</td>` : null;
}

function line(row: Row, track: Track | null, drawing: Drawing): Html {
  const { step, own, label, tensors } = row;
  const { picture, panelId, span, formulas } = drawing;
  const { words, forward } = formulaOf(step?.kind ?? "images");
  const cells = tensors.map((tensor) => {
    const first = tensor !== null && tensor.name === picture.verification.first?.name;
    return cell(tensor, { opens: tensor === null ? null : panelId(tensor), first, span: tensors.length === 1 ? span : 1 });
  });
  return html`<tr class="${own ? "step" : "weight"}">
    <th scope="row" title="${own ? `${words}: ${forward}` : label}">
      ${track === null ? nothing : trackDrawing(track)}<span>${label}</span>
    </th>
    ${start(row, drawing) ?? cells} ${formulas ? html`<td class="formula">${forward}</td>` : nothing}
  </tr>`;
}

const blockNumbers = (blocks: readonly number[], { pass, formulas }: Drawing): Html =>
  html`<tr class="blocks">
    <th scope="row">${typeof pass === "number" ? nothing : trackDrawing(STREAM)}<span>block</span></th>
    ${blocks.map((block) => html`<th scope="col">${block}</th>`)} ${formulas ? html`<td class="formula"></td>` : nothing}
  </tr>`;

/** The line for the blocks of a very deep network that are not drawn. */
function rest(panels: readonly Panel[], span: number): Html {
  const tensors = panels.flatMap(({ rows }) => rows.flatMap((row) => row.tensors.filter((tensor) => tensor?.recorded === true)));
  const wrong = tensors.filter((tensor) => [tensor?.local, tensor?.endToEnd].some((verdict) => verdict?.ok === false)).length;
  const blocks = panels.flatMap((panel) => panel.blocks ?? []);
  return html`<tr>
    <td class="rest" colspan="${span + 1}">
      blocks ${blocks[0] ?? 0} to ${blocks.at(-1) ?? 0} are not drawn: ${tensors.length} ${tensors.length === 1 ? "tensor" : "tensors"},
      ${wrong === 0 ? "none" : wrong} of them wrong
    </td>
  </tr>`;
}

/**
 * A pass as a table. That of an optimiser's step has no lines for the flow of values.
 *
 * @param formulas whether to add a column of formulas
 */
export function network(picture: Picture, pass: PictureTensor["pass"], caption: string, panelId: PanelId, formulas: boolean = false): Html {
  const panels = panelsOf(picture, pass);
  const inBlocks = panels.filter(({ blocks }) => blocks !== null);
  const drawing: Drawing = { picture, pass, panelId, span: inBlocks[0]?.blocks?.length ?? 1, formulas };
  const leftOut = inBlocks.slice(MOST_PANELS);
  const drawn = panels.map((panel, i) => {
    if (leftOut.includes(panel)) return panel === leftOut[0] ? rest(leftOut, drawing.span) : nothing;
    const tracks = typeof pass === "number" ? [] : tracksOf(panel.rows, i > 0, i < panels.length - 1);
    return html`${panel.blocks === null ? nothing : blockNumbers(panel.blocks, drawing)}${panel.rows.map((row, j) =>
      line(row, tracks[j] ?? null, drawing),
    )}`;
  });
  const kind = `${drawing.span > MANY ? "many" : "few"}${typeof pass === "number" ? " later" : ""}`;
  return html`<table class="network ${kind}">
    <caption>
      ${caption}
    </caption>
    <tbody>
      ${drawn}
    </tbody>
  </table>`;
}
