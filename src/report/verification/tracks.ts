/**
 * Draws how values flow from step to step, one piece of the drawing for each row of a table: the residual stream in the first lane, branches in the second,
 * and in the third what skips steps of a branch.
 */
import { html, nothing, trusted, type Html } from "../html.ts";
import type { Row } from "./rows.ts";

/** A line through a row: from a lane at its top or middle to a lane at its middle or bottom. */
interface Segment {
  readonly half: "upper" | "lower" | "whole";
  readonly from: number;
  readonly to: number;
}

/** What is drawn in one row. */
export interface Track {
  readonly segments: readonly Segment[];
  /** Lane of the step; null: the row is a weight, which no line enters. */
  readonly lane: number | null;
  /** Whether the step is an addition. */
  readonly adds: boolean;
}

const BRANCH = /^(norm1|norm2|attn(\..*)?|mlp(\..*)?|head_dist)$/;
const ADDS: ReadonlySet<string> = new Set(["mid", "block"]);

/** What is drawn before the first row of a panel. */
export const STREAM: Track = { segments: [{ half: "whole", from: 0, to: 0 }], lane: null, adds: false };

/**
 * The tracks of the rows of a panel.
 *
 * @param enters whether the residual stream comes from the panel above
 * @param leaves whether it goes on to the one below
 */
export function tracksOf(rows: readonly Row[], enters: boolean, leaves: boolean): readonly Track[] {
  const steps = rows.filter(({ own }) => own);
  const tapOf = ({ step }: Row): string => step?.tap ?? "images";
  const read = new Set(steps.flatMap(({ step }) => step?.reads ?? []));
  const lanes = steps.map((row): number => {
    const kind = row.step?.kind ?? "images";
    if (kind === "logits" && !read.has("logits") && steps.some((other) => tapOf(other) === "loss")) return 2;
    return BRANCH.test(kind) ? 1 : 0;
  });
  const segments: Segment[][] = rows.map(() => []);
  const rowAt = steps.map((row) => rows.indexOf(row));
  const add = (i: number, added: Segment): void => {
    const own = segments[i];
    if (own?.some(({ half, from, to }) => half === added.half && from === added.from && to === added.to) === false) own.push(added);
  };

  /** Connects the step `i` (−1: the panel above) with the step `j`, in the first lane that no step between them is in. */
  const connect = (i: number, j: number, to: number): void => {
    const from = lanes[i] ?? 0;
    const between = lanes.slice(i + 1, j);
    let lane = from;
    while (between.includes(lane)) lane++;
    const [start, end] = [rowAt[i] ?? -1, rowAt[j] ?? rows.length];
    if (start >= 0) add(start, { half: "lower", from, to: lane });
    for (let row = start + 1; row < end; row++) add(row, { half: "whole", from: lane, to: lane });
    if (end < rows.length) add(end, { half: "upper", from: lane, to });
  };

  for (const [j, row] of steps.entries())
    for (const source of row.step?.reads ?? []) {
      const i = steps.findIndex((other) => tapOf(other) === source);
      if (i >= 0 || enters) connect(i, j, lanes[j] ?? 0);
    }
  if (leaves) connect(steps.length - 1, steps.length, 0);
  return rows.map((row, i) => ({
    segments: segments[i] ?? [],
    lane: row.own ? (lanes[steps.indexOf(row)] ?? 0) : null,
    adds: ADDS.has(row.step?.kind ?? ""),
  }));
}

/** In CSS pixels: the width of a track, and the height of a table's row for a step and for a weight. */
const [WIDTH, HEIGHT, LOW] = [50, 36, 28];
const MIDDLE = HEIGHT / 2;
const x = (lane: number): number => 9 + 16 * lane;

function pathOf({ half, from, to }: Segment, height: number): string {
  const [top, bottom] = [half === "lower" ? MIDDLE : 0, half === "upper" ? MIDDLE : height];
  if (from === to) return `M${x(from)} ${top}V${bottom}`;
  const bend = (top + bottom) / 2;
  return `M${x(from)} ${top}C${x(from)} ${bend} ${x(to)} ${bend} ${x(to)} ${bottom}`;
}

function node({ lane, adds }: Track): Html {
  if (lane === null) return nothing;
  if (!adds) return html`<circle cx="${x(lane)}" cy="${MIDDLE}" r="4.5" />`;
  const [cx, arm] = [x(lane), 4];
  return html`<circle cx="${cx}" cy="${MIDDLE}" r="7.5" /><path
      d="M${cx - arm} ${MIDDLE}H${cx + arm}M${cx} ${MIDDLE - arm}V${MIDDLE + arm}"
    />`;
}

/** The drawing of one row. It is hidden from screen readers, which read the row's label instead. */
export function trackDrawing(of: Track): Html {
  const height = of.lane === null ? LOW : HEIGHT;
  return html`<svg class="track" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" aria-hidden="true">
    <path d="${trusted(of.segments.map((segment) => pathOf(segment, height)).join(""))}" />
    ${node(of)}
  </svg>`;
}
