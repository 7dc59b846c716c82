/**
 * Selects a plane of two axes from a tensor of any rank: the slice that holds the worst element, reduced if it is large. Each cell of the reduced slice
 * shows, of the elements that it covers, the one with the largest difference, so that no difference is lost.
 */
import type { Shape } from "../../tensor/tensor.ts";

export interface Axis {
  readonly name: string;
  readonly length: number;
}

export interface View {
  readonly rows: Axis;
  readonly columns: Axis;
  /** Indices of the slice on the axes before these two. */
  readonly slice: readonly number[];
  readonly sliceNames: readonly string[];
  readonly height: number;
  readonly width: number;
  /** For each cell, row by row, the flat index of its element in the tensor; −1: no element. */
  readonly cells: readonly number[];
}

/** The most cells of a view. */
export const MOST_ROWS = 96;
export const MOST_COLUMNS = 128;
/** How many numbers of a vector make a row. */
const LINE = 32;

/** |a − b|; 0 for equal values, infinities included; Infinity if only one of them is finite or a number. */
export const distance = (a: number, b: number): number => {
  if (Object.is(a, b) || a === b) return 0;
  const gap = Math.abs(a - b);
  return Number.isFinite(gap) ? gap : Infinity;
};

/** The names of a tensor's axes. */
export function axisNames(name: string, shape: Shape): readonly string[] {
  const activations: { readonly [rank: number]: readonly string[] } = {
    2: ["image", "class"],
    3: ["image", name.endsWith("patch_embed") ? "patch" : "token", "channel"],
    4: ["image", "head", "query", "key"],
  };
  const weights: { readonly [rank: number]: readonly string[] } = {
    1: ["channel"],
    2: ["output", "input"],
    3: ["", "token", "channel"],
    4: name === "grads/images" ? ["image", "channel", "row", "column"] : ["output", "channel", "row", "column"],
  };
  const named = (/^(taps|cotangents)\//.test(name) ? activations : weights)[shape.length];
  return named ?? shape.map((_, i) => `axis ${i}`);
}

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** The two axes that are shown, and how many come before them. The kernel of the patch projection is shown as a matrix; a vector is broken into lines. */
function planeOf(
  name: string,
  shape: Shape,
  names: readonly string[],
): { readonly lead: number; readonly rows: Axis; readonly columns: Axis } {
  const total = sizeOf(shape);
  if (shape.length === 4 && name !== "grads/images" && !/^(taps|cotangents)\//.test(name))
    return {
      lead: 0,
      rows: { name: names[0] ?? "", length: shape[0] ?? 1 },
      columns: { name: "channel, row, column", length: total / (shape[0] ?? 1) },
    };
  const vector = shape.length === 1 || (shape.at(-2) === 1 && total === shape.at(-1));
  if (vector) {
    const line = Math.min(total, LINE);
    return {
      lead: shape.length,
      rows: { name: "line", length: Math.ceil(total / line) },
      columns: { name: names.at(-1) ?? "", length: line },
    };
  }
  const at = (i: number): Axis => ({ name: names.at(i) ?? "", length: shape.at(i) ?? 1 });
  return { lead: shape.length - 2, rows: at(-2), columns: at(-1) };
}

/**
 * The view of a tensor that shows its worst element.
 *
 * @param worst flat index of that element
 * @param gapAt the difference at a flat index
 */
export function viewOf(name: string, shape: Shape, worst: number, gapAt: (i: number) => number): View {
  const names = axisNames(name, shape);
  const { lead, rows, columns } = planeOf(name, shape, names);
  const total = sizeOf(shape);
  const whole = lead === shape.length; // a vector has no axes before its lines
  const area = rows.length * columns.length;
  const offset = whole ? 0 : Math.floor(worst / area) * area;
  const before = whole ? [] : shape.slice(0, lead);
  const slice = before.map((length, i) => Math.floor(worst / sizeOf(shape.slice(i + 1))) % length);
  const [height, width] = [Math.min(rows.length, MOST_ROWS), Math.min(columns.length, MOST_COLUMNS)];

  const cells = Array.from({ length: height * width }, () => -1);
  const most = Array.from({ length: height * width }, () => -1);
  for (let r = 0; r < rows.length; r++)
    for (let c = 0; c < columns.length; c++) {
      const at = offset + r * columns.length + c;
      if (at >= total) continue;
      const cell = Math.floor((r * height) / rows.length) * width + Math.floor((c * width) / columns.length);
      const gap = gapAt(at);
      if (gap > (most[cell] ?? 0) || (cells[cell] ?? -1) < 0) [cells[cell], most[cell]] = [at, gap];
    }
  return { rows, columns, slice, sliceNames: names.slice(0, before.length), height, width, cells };
}
