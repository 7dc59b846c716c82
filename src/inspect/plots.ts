/** Draws the disagreement matrix as SVG. (The plot of the cosines is that of the report, report/plots.ts.) */
import * as Plot from "@observablehq/plot";
import type { Html } from "../report/html.ts";
import { percent } from "../report/html.ts";
import { colour, drawn } from "../report/plots.ts";
import type { DisagreementMatrix } from "./disagreement.ts";

/** Side of a cell, and the least margins at the left, above and at the right, in CSS pixels. */
const [CELL, MARGIN, ABOVE, RIGHT] = [88, 100, 30, 10];
/** The width of a letter at most, in CSS pixels. */
const LETTER = 6.5;
/** By how much names are turned that are wider than a cell, in degrees. */
const TURN = -40;
/** From this opacity of a cell on, its number is written in the colour of the page. */
const DARK = 0.6;

interface Entry {
  readonly row: string;
  readonly column: string;
  readonly share: number;
  /** Opacity, from 0 to 1. */
  readonly shade: number;
}

/** Room around the cells for the names: at the left and above, where those are turned that are wider than a cell. */
function roomFor(names: readonly string[]): { readonly left: number; readonly top: number; readonly right: number; readonly turn: number } {
  const widest = LETTER * Math.max(...names.map((name) => name.length));
  const left = Math.max(MARGIN, widest + 14);
  if (widest <= CELL) return { left, top: ABOVE, right: RIGHT, turn: 0 };
  const angle = (TURN * Math.PI) / 180;
  return {
    left,
    top: Math.ceil(ABOVE - widest * Math.sin(angle)),
    right: Math.max(RIGHT, Math.ceil(widest * Math.cos(angle) - CELL / 2)),
    turn: TURN,
  };
}

/** A matrix with a row and a column for each decider; shades are in proportion to the largest entry. */
export function disagreementPlot({ names, matrix, images }: DisagreementMatrix): Html {
  const most = Math.max(...matrix.flat(), Number.MIN_VALUE);
  const entries = matrix.flatMap((row, i) =>
    row.map((share, j): Entry => ({ row: names[i] ?? "", column: names[j] ?? "", share, shade: share / most })),
  );
  const side = CELL * names.length;
  const { left, top, right, turn } = roomFor(names);
  const place = { x: "column", y: "row" };
  const text = ({ share }: Entry): string => percent(share);
  const faint = ({ shade }: Entry): boolean => shade < DARK;
  const above = entries.filter(({ row, column }) => names.indexOf(row) < names.indexOf(column));
  const axis = { domain: names, tickSize: 0, label: null };
  return drawn(
    `Share of ${images} images classified differently: ${above.map((e) => `${e.row} and ${e.column} ${percent(e.share)}`).join(", ")}.`,
    {
      width: side + left + right,
      height: side + top + 10,
      marginLeft: left,
      marginTop: top,
      marginRight: right,
      marginBottom: 10,
      padding: 0.04,
      x: { ...axis, axis: "top", tickRotate: turn },
      y: axis,
      color: { type: "identity" },
      marks: [
        Plot.cell(entries, { ...place, fill: "currentColor", fillOpacity: 0.035 }),
        Plot.cell(entries, { ...place, fill: colour("wrong"), fillOpacity: "shade" }),
        Plot.text(entries, { ...place, text, filter: faint, fill: "currentColor" }),
        Plot.text(entries, { ...place, text, filter: (e: Entry) => !faint(e), fill: "var(--page)" }),
      ],
    },
  );
}
