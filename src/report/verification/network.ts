/** One pass through the network as a drawing: a row for each step with the ways of the values, a column for each block. */
import type { Picture, PictureTensor } from "../../recording/picture.ts";
import { html, nothing, type Html } from "../html.ts";
import { cell } from "./cell.ts";
import { formulaOf } from "./formulas.ts";
import { panelsOf, type Panel, type Row } from "./rows.ts";
import { STREAM, track, tracksOf, type Track } from "./tracks.ts";

/** The panel of numbers that belongs to a tensor; null: there is none. */
export type Opens = (tensor: PictureTensor) => string | null;

/** So many panels of blocks are drawn; of a deeper network the others are told in a line. */
const MOST_PANELS = 4;
/** Of more columns the cells have no room for numbers on a small screen. */
const MANY = 4;

interface Drawing {
  readonly picture: Picture;
  readonly pass: PictureTensor["pass"];
  readonly opens: Opens;
  /** Columns of blocks. */
  readonly span: number;
  /** A last column has the formulas. */
  readonly formulas: boolean;
}

/** What a pass starts from is no result. */
function start({ step, own }: Row, { pass, span }: Drawing): Html | null {
  const given = pass === "forward" ? step === null : pass === "backward" && own && step?.tap === "loss";
  return given ? html`<td class="given" colspan="${span}">${pass === "forward" ? "given" : "1"}</td>` : null;
}

function line(row: Row, way: Track | null, drawing: Drawing): Html {
  const { step, own, label, tensors } = row;
  const { picture, opens, span, formulas } = drawing;
  const { words, forward } = formulaOf(step?.kind ?? "images");
  const cells = tensors.map((tensor) => {
    const first = tensor !== null && tensor.name === picture.verification.first?.name;
    return cell(tensor, { opens: tensor === null ? null : opens(tensor), first, span: tensors.length === 1 ? span : 1 });
  });
  return html`<tr class="${own ? "step" : "weight"}">
    <th scope="row" title="${own ? `${words}: ${forward}` : label}">${way === null ? nothing : track(way)}<span>${label}</span></th>
    ${start(row, drawing) ?? cells} ${formulas ? html`<td class="formula">${forward}</td>` : nothing}
  </tr>`;
}

const heads = (blocks: readonly number[], { pass, formulas }: Drawing): Html =>
  html`<tr class="blocks">
    <th scope="row">${typeof pass === "number" ? nothing : track(STREAM)}<span>block</span></th>
    ${blocks.map((block) => html`<th scope="col">${block}</th>`)} ${formulas ? html`<td class="formula"></td>` : nothing}
  </tr>`;

/** What is not drawn of a very deep network. */
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
 * A pass as a table. Of the optimiser's there are no ways between the rows.
 *
 * @param formulas whether there is room for a column of them
 */
export function network(picture: Picture, pass: PictureTensor["pass"], caption: string, opens: Opens, formulas: boolean = false): Html {
  const panels = panelsOf(picture, pass);
  const inBlocks = panels.filter(({ blocks }) => blocks !== null);
  const drawing: Drawing = { picture, pass, opens, span: inBlocks[0]?.blocks?.length ?? 1, formulas };
  const left = inBlocks.slice(MOST_PANELS);
  const drawn = panels.map((panel, i) => {
    if (left.includes(panel)) return panel === left[0] ? rest(left, drawing.span) : nothing;
    const tracks = typeof pass === "number" ? [] : tracksOf(panel.rows, i > 0, i < panels.length - 1);
    return html`${panel.blocks === null ? nothing : heads(panel.blocks, drawing)}${panel.rows.map((row, j) =>
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
