/** Shows sheets of maps on a page, with the names of their columns and rows, and the scale of their colours. */
import type { DeitConfig } from "../model/config.ts";
import { html, type Html } from "../report/html.ts";
import { cubehelix, warm } from "./colours.ts";
import { ticksOf, type Doublings } from "./scale.ts";

const FULL = 255;
/** The number of intervals between colours; the browser interpolates within them. */
const STOPS = 32;

const gradient = (): string =>
  Array.from({ length: STOPS + 1 }, (_, i) => cubehelix(i / STOPS, warm).map((part) => Math.round(FULL * part)))
    .map((colour) => `rgb(${colour.join(" ")})`)
    .join(", ");

/** A bar of the colours with their numbers; the caption `even` says what 1× is. */
export const colourBar = (d: Doublings, even: string): Html =>
  html`<figure class="scale">
    <div
      role="img"
      aria-label="colours from black over red and yellow to white"
      style="background: linear-gradient(to right, ${gradient()})"
    ></div>
    <ol>
      ${ticksOf(d).map(({ at, text }) => html`<li style="left: ${100 * at}%">${text}</li>`)}
    </ol>
    <figcaption>${even}</figcaption>
  </figure>`;

/** Names of the tokens before the patches, in their order. */
const tokenNames = ({ distilled }: DeitConfig): readonly string[] => (distilled ? ["class token", "distillation token"] : ["class token"]);

/** Names of the rows of a sheet with one row for each token. */
export const tokenRows = (config: DeitConfig): readonly Html[] => tokenNames(config).map((name) => html`<b>${name}</b>`);

/** Names of the rows of a sheet with two rows for each token: its maps, and the same over the image. */
export const doubledRows = (config: DeitConfig): readonly Html[] =>
  tokenRows(config).flatMap((name) => [name, html`<span>over the image</span>`]);

/** Widths in rem: of the names of rows; and of a column at least, preferably, and at most. */
const [NAMES, NARROW, COLUMN, WIDE] = [4.9, 2.6, 3.5, 9];
/** The most width that a sheet prefers, in rem, so that a wide page has room for two sheets side by side, however many columns they have. */
const MOST = 33.5;

/** The preferred width of a sheet with this many columns, in rem. */
const roomOf = (columns: number): number => Math.min(MOST, NAMES + COLUMN * columns);

/** A picture of maps, with the names of its columns and rows. */
export interface Sheet {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly Html[];
  /** What screen readers read instead of the picture. */
  readonly label: string;
}

/** The sheet. It scrolls if the page is too narrow for it, and a click opens it in full size. */
export const sheetOf = ({ file, columns, rows, label }: Sheet): Html =>
  html`<div class="sheet" tabindex="0" role="group" aria-label="${label}">
    <div class="maps" style="min-width: ${NAMES + NARROW * columns.length}rem; max-width: ${NAMES + WIDE * columns.length}rem">
      <div class="column-names">${columns.map((name) => html`<span>${name}</span>`)}</div>
      <div class="rows">${rows}</div>
      <a href="${file}"><img src="${file}" alt="${label}" loading="lazy" /></a>
    </div>
  </div>`;

/** The sheets, as many side by side as there is room for. */
export const sheetGrid = (columns: number, sheets: readonly Html[]): Html =>
  html`<div class="sheets" style="grid-template-columns: repeat(auto-fill, minmax(min(100%, ${roomOf(columns)}rem), 1fr))">${sheets}</div>`;
