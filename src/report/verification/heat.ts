/** Draws a view of a tensor as heat maps: recorded and right values on one scale of colours, and their difference on its own. */
import { pngAddress, pngOfRgb } from "../../io/png.ts";
import type { WrongTensor } from "../../recording/picture.ts";
import { html, nothing, type Html } from "../html.ts";
import { colourOf, css, NOT_FINITE } from "./colours.ts";
import { figure, small } from "./figures.ts";
import { shapeText } from "./numbers.ts";
import { axisNames, distance, viewOf, type View } from "./view.ts";

/** In units of the drawing: the width of a map, its least and largest height, and the space for its axes. */
const MAP = { width: 300, least: 90, most: 300, left: 30, bottom: 32 };
/** Up to this many cells, each shows its number when the reader points at it. */
const MOST_NUMBERED = 300;
/** The least width and height of the ring around the worst cell. */
const RING = 9;
/** How many intervals of colours a colour bar has. */
const STOPS = 10;

interface Layer {
  readonly title: string;
  /** All values of the tensor, by flat index. */
  readonly values: Float64Array;
  /** The absolute value that the darkest colours stand for. */
  readonly most: number;
  readonly signed: boolean;
}

const finiteMost = (values: readonly number[]): number =>
  values.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);

function png({ cells, width, height }: View, { values, most }: Layer): string {
  const bytes = new Uint8Array(3 * width * height);
  for (const [i, at] of cells.entries()) bytes.set(at < 0 ? [128, 128, 128] : colourOf((values[at] ?? NaN) / (most || 1)), 3 * i);
  return pngAddress(pngOfRgb(bytes, width, height));
}

/** The height of the map; cells are square if that fits. */
const heightOf = ({ rows, columns }: View): number => Math.max(MAP.least, Math.min(MAP.most, (MAP.width * rows.length) / columns.length));

function ring({ cells, width, height }: View, worst: number, drawnHeight: number): Html {
  const cell = cells.indexOf(worst);
  if (cell < 0) return nothing;
  const [w, h] = [Math.max(RING, MAP.width / width), Math.max(RING, drawnHeight / height)];
  const x = ((cell % width) + 0.5) * (MAP.width / width) - w / 2;
  const y = (Math.floor(cell / width) + 0.5) * (drawnHeight / height) - h / 2;
  const box = html`x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${w.toFixed(1)}" height="${h.toFixed(1)}"`;
  return html`<rect class="halo" ${box} /><rect class="ring" ${box} />`;
}

/** Transparent rectangles over the cells, whose titles are the numbers. */
function numberedCells(
  { cells, width, height }: View,
  { values }: Layer,
  drawnHeight: number,
  index: (at: number) => string,
): readonly Html[] {
  if (cells.length > MOST_NUMBERED) return [];
  const [w, h] = [MAP.width / width, drawnHeight / height];
  return cells.map((at, i) =>
    at < 0
      ? nothing
      : html`<rect
          class="cell"
          x="${((i % width) * w).toFixed(1)}"
          y="${(Math.floor(i / width) * h).toFixed(1)}"
          width="${w.toFixed(1)}"
          height="${h.toFixed(1)}"
          ><title>${index(at)} ${figure(values[at] ?? NaN)}</title></rect
        >`,
  );
}

function bar({ most, signed, title }: Layer): Html {
  const least = signed ? -most : 0;
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => css(colourOf((least + (i / STOPS) * (most - least)) / (most || 1))));
  const ends = most === 0 ? ["0"] : signed ? [small(-most), "0", small(most)] : ["0", small(most / 2), small(most)];
  return html`<div class="bar" role="img" aria-label="colours of ${title}: ${ends.join(", ")}">
    <i style="background: linear-gradient(to right, ${stops.join(", ")})"></i>
    <span>${ends.map((end) => html`<b>${end}</b>`)}</span>
  </div>`;
}

function map(view: View, layer: Layer, worst: number, index: (at: number) => string): Html {
  const h = heightOf(view);
  const { rows, columns } = view;
  const label = `${layer.title}: ${rows.length} by ${columns.length} numbers, the worst at ${index(worst)}: ${figure(layer.values[worst] ?? NaN)}`;
  return html`<figure>
    <figcaption>${layer.title}</figcaption>
    <svg viewBox="${-MAP.left} -2 ${MAP.width + MAP.left + 2} ${(h + MAP.bottom + 2).toFixed(1)}" role="img" aria-label="${label}">
      <image width="${MAP.width}" height="${h.toFixed(1)}" preserveAspectRatio="none" href="${png(view, layer)}" />
      <rect class="frame" width="${MAP.width}" height="${h.toFixed(1)}" />
      ${numberedCells(view, layer, h, index)}${ring(view, worst, h)}
      <text x="-5" y="10" text-anchor="end">0</text>
      ${rows.length > 1 ? html`<text x="-5" y="${h.toFixed(1)}" text-anchor="end">${rows.length - 1}</text>` : nothing}
      <text transform="translate(-14 ${(h / 2).toFixed(1)}) rotate(-90)" text-anchor="middle">${rows.name}</text>
      <text x="0" y="${(h + 14).toFixed(1)}">0</text>
      <text x="${MAP.width}" y="${(h + 14).toFixed(1)}" text-anchor="end">${columns.length - 1}</text>
      <text x="${MAP.width / 2}" y="${(h + 14).toFixed(1)}" text-anchor="middle">${columns.name}</text>
    </svg>
    ${bar(layer)}
  </figure>`;
}

/** Which slice the maps show: `The slice of image 1, head 0, which holds the worst element: …`. */
function sliceText({ slice, sliceNames, rows, columns, height, width, cells }: View): string {
  const fixed = slice.flatMap((at, i) => (sliceNames[i] === "" ? [] : [`${sliceNames[i]} ${at}`]));
  const plane = rows.name === "line" ? `${columns.name}s in lines of ${columns.length}` : `rows are ${rows.name}, columns ${columns.name}`;
  const reduced = height * width < rows.length * columns.length && cells.length > 0;
  const size = reduced
    ? `; ${rows.length} × ${columns.length} numbers in ${height} × ${width} cells, each of which shows, of the elements that it covers, the one with the largest difference`
    : "";
  return `${fixed.length === 0 ? "All of it" : `The slice of ${fixed.join(", ")}, which holds the worst element`}: ${plane}${size}.`;
}

/** The most slices whose largest differences are listed. */
const MOST_SLICES = 144;

/** The largest difference in each slice; nothing if there is one slice, or too many. */
function slices({ recorded: { shape, data }, right, verdict }: WrongTensor, { slice }: View): Html {
  const count = shape.slice(0, slice.length).reduce((a, b) => a * b, 1);
  if (count < 2 || count > MOST_SLICES) return nothing;
  const area = data.length / count;
  const names = axisNames(verdict.name, shape).slice(0, slice.length);
  const most = Array.from({ length: count }, (_, i) => {
    let largest = 0;
    for (let at = i * area; at < (i + 1) * area; at++) largest = Math.max(largest, distance(data[at] ?? NaN, right.data[at] ?? NaN));
    return largest;
  });
  const indices = (i: number): readonly number[] =>
    slice.map((_, axis) => Math.floor(i / shape.slice(axis + 1, slice.length).reduce((a, b) => a * b, 1)) % (shape[axis] ?? 1));
  return html`<p>Largest difference of each ${names.join(" and ")}:</p>
    <ul class="slices">
      ${most.map((largest, i) => {
        const own = indices(i);
        const shown = own.every((at, axis) => at === slice[axis]);
        return html`<li class="${shown ? "shown" : "other"}"><code>${shapeText(own)}</code> ${small(largest)}</li>`;
      })}
    </ul>`;
}

/** Three maps of the same elements, with a text on what they show; nothing for a single number. */
export function heatMaps(tensor: WrongTensor): Html {
  const { verdict, recorded, right } = tensor;
  const { name, worst } = verdict;
  const { shape, data } = recorded;
  if (data.length < 2) return nothing;
  const difference = data.map((x, i) => x - (right.data[i] ?? NaN));
  const view = viewOf(name, shape, worst, (i) => distance(data[i] ?? NaN, right.data[i] ?? NaN));
  const shown = view.cells.filter((at) => at >= 0);
  const valuesOf = (array: Float64Array): readonly number[] => shown.map((at) => array[at] ?? NaN);
  const both = [...valuesOf(data), ...valuesOf(right.data)];
  const common = { most: finiteMost(both), signed: both.some((x) => x < 0) };
  const index = (at: number): string =>
    shapeText(shape.map((length, axis) => Math.floor(at / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % length));
  const layers: readonly Layer[] = [
    { title: "recorded", values: data, ...common },
    { title: "right", values: right.data, ...common },
    { title: "difference, recorded − right", values: difference, most: finiteMost(valuesOf(difference)), signed: true },
  ];
  const notFinite = both.some((x) => !Number.isFinite(x));
  return html`<div class="maps">${layers.map((layer) => map(view, layer, worst, index))}</div>
    <p class="note">
      ${sliceText(view)} The ring marks the worst element, ${index(worst)}.
      ${notFinite ? html`Numbers that are not finite are <i class="patch" style="background: ${css(NOT_FINITE)}"></i> green.` : nothing}
    </p>
    ${slices(tensor, view)}`;
}
