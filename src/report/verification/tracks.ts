/**
 * How values run from step to step, as a piece of a drawing for each row of a table: the residual stream in the first lane, branches in the second,
 * what skips steps of a branch in the third.
 */
import { html, nothing, trusted, type Html } from "../html.ts";
import type { Row } from "./rows.ts";

/** A way through a row: from a lane at its top or middle to a lane at its middle or bottom. */
interface Segment {
  readonly half: "upper" | "lower" | "whole";
  readonly from: number;
  readonly to: number;
}

export interface Track {
  readonly segments: readonly Segment[];
  /** Lane of the step; null: the row is a weight, which values pass by. */
  readonly lane: number | null;
  readonly adds: boolean;
}

const BRANCH = /^(norm1|norm2|attn(\..*)?|mlp(\..*)?|head_dist)$/;
const ADDS: ReadonlySet<string> = new Set(["mid", "block"]);

/** What is drawn before the first row of a panel. */
export const STREAM: Track = { segments: [{ half: "whole", from: 0, to: 0 }], lane: null, adds: false };

/**
 * The tracks of a panel's rows.
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
  const add = (i: number, way: Segment): void => {
    const own = segments[i];
    if (own?.some(({ half, from, to }) => half === way.half && from === way.from && to === way.to) === false) own.push(way);
  };

  /** From the step at `i` (−1: from above) to that at `j`, in the first lane that no step between is in. */
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

/** In CSS pixels; the height is that of a table's row, where a step stands and where a weight does. */
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

/** The piece of one row; what it shows is in the words beside it. */
export function track(of: Track): Html {
  const height = of.lane === null ? LOW : HEIGHT;
  return html`<svg class="track" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" aria-hidden="true">
    <path d="${trusted(of.segments.map((way) => pathOf(way, height)).join(""))}" />
    ${node(of)}
  </svg>`;
}
