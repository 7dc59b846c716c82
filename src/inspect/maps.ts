/** Sheets of maps as a page shows them: under the names of their columns, beside those of their rows, with the scale of their colours. */
import type { DeitConfig } from "../model/config.ts";
import { html, type Html } from "../report/html.ts";
import { cubehelix, warm } from "./colours.ts";
import { ticksOf, type Doublings } from "./scale.ts";

const FULL = 255;
/** Colours in between are mixed by the browser. */
const STOPS = 32;

const gradient = (): string =>
  Array.from({ length: STOPS + 1 }, (_, i) => cubehelix(i / STOPS, warm).map((part) => Math.round(FULL * part)))
    .map((colour) => `rgb(${colour.join(" ")})`)
    .join(", ");

/** A bar with numbers; `even` says what 1× is. */
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

/** Tokens before the patches, in their order. */
const tokenNames = ({ distilled }: DeitConfig): readonly string[] => (distilled ? ["class token", "distillation token"] : ["class token"]);

/** A row for each token. */
export const tokenRows = (config: DeitConfig): readonly Html[] => tokenNames(config).map((name) => html`<b>${name}</b>`);

/** Two rows for each token: its maps, and the same over the image. */
export const doubledRows = (config: DeitConfig): readonly Html[] =>
  tokenRows(config).flatMap((name) => [name, html`<span>over the image</span>`]);

/** Widths in rem: of the names of rows, and of a column at least, as a sheet asks for it, and at most. */
const [NAMES, NARROW, COLUMN, WIDE] = [4.9, 2.6, 3.5, 9];
/** Two sheets stand beside each other on a wide page, however many columns they have. */
const MOST = 33.5;

/** Width that a sheet of so many columns asks for. */
const roomOf = (columns: number): number => Math.min(MOST, NAMES + COLUMN * columns);

export interface Sheet {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly Html[];
  /** What is read out in its place. */
  readonly said: string;
}

/** Scrolls by itself where the page is too narrow for it; opens in full by a click. */
export const sheetOf = ({ file, columns, rows, said }: Sheet): Html =>
  html`<div class="sheet" tabindex="0" role="group" aria-label="${said}">
    <div class="maps" style="min-width: ${NAMES + NARROW * columns.length}rem; max-width: ${NAMES + WIDE * columns.length}rem">
      <div class="heads">${columns.map((name) => html`<span>${name}</span>`)}</div>
      <div class="rows">${rows}</div>
      <a href="${file}"><img src="${file}" alt="${said}" loading="lazy" /></a>
    </div>
  </div>`;

/** As many beside each other as there is room for. */
export const sheetGrid = (columns: number, sheets: readonly Html[]): Html =>
  html`<div class="sheets" style="grid-template-columns: repeat(auto-fill, minmax(min(100%, ${roomOf(columns)}rem), 1fr))">${sheets}</div>`;
