/** Draws one tensor as a cell: its local error above, its end-to-end error below, each as a colour, a sign and a number. */
import type { PictureTensor } from "../../recording/picture.ts";
import type { Verdict } from "../../recording/verify.ts";
import { html, nothing, type Html } from "../html.ts";
import { times, used } from "./figures.ts";

/** How a verdict looks: right, wrong by more and more, or missing. */
export type Look = "right" | "off-1" | "off-2" | "off-3" | "unjudged";

/** From so many times the tolerance on an error is drawn in a stronger colour. */
export const STRONGER = [100, 10_000] as const;

export function lookOf(verdict: Verdict | null): Look {
  if (verdict === null) return "unjudged";
  if (verdict.ok) return "right";
  const share = verdict.error / verdict.tolerance.bound;
  return share < STRONGER[0] ? "off-1" : share < STRONGER[1] ? "off-2" : "off-3";
}

export const signOf = (look: Look): string => (look === "right" ? "✓" : look === "unjudged" ? "–" : "✗");

/** A verdict in words: `right, 3 % of its tolerance`. */
export function verdictText(verdict: Verdict | null): string {
  if (verdict === null) return "not judged";
  const { ok, error, tolerance } = verdict;
  const share = used(error, tolerance.bound);
  return ok ? `right, ${share} of its tolerance` : `wrong, ${share} its tolerance`;
}

function half(verdict: Verdict | null): Html {
  const look = lookOf(verdict);
  const number = verdict === null || verdict.ok ? "" : html` <b>${times(verdict.error, verdict.tolerance.bound)}</b>`;
  return html`<span class="${look}"><i>${signOf(look)}</i>${number}</span>`;
}

export interface CellOptions {
  /** Id of the panel of numbers that the cell opens; null: there is none. */
  readonly opens: string | null;
  /** Whether it is the first wrong tensor. */
  readonly first: boolean;
  /** How many columns of the table the cell spans. */
  readonly span: number;
}

/** A table's cell; without a tensor it is empty. */
export function cell(tensor: PictureTensor | null, { opens, first, span }: CellOptions): Html {
  const td = (inner: Html): Html => html`<td colspan="${span}">${inner}</td>`;
  if (tensor === null) return td(nothing);
  const { name, recorded, local, endToEnd } = tensor;
  if (!recorded) return td(html`<span class="absent" title="${name}: not recorded" role="img">·</span>`);
  const title = `${name}: local ${verdictText(local)}; end to end ${verdictText(endToEnd)}`;
  const inner = html`${half(local)}${half(endToEnd)}`;
  const kind = first ? "both first" : "both";
  return td(
    opens === null
      ? html`<span class="${kind}" title="${title}" role="img">${inner}</span>`
      : html`<button type="button" class="${kind}" title="${title}" popovertarget="${opens}">${inner}</button>`,
  );
}
