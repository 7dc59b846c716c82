/** A digit drawn by hand, on as many cells as the digits of the set have: ink spreads over the cells that the pen touches. */

/** Cells along a side. */
export const DRAWN_SIDE = 8;
/** The largest level. */
const FULL = 255;
/** The pen's radius, in cells. */
const RADIUS = 0.9;

/** An empty drawing. */
export const emptyDrawing = (): Uint8Array => new Uint8Array(DRAWN_SIDE ** 2);

/** The drawing after the pen was at a point, in cells from the upper left corner. A cell takes more ink the nearer its middle is to the pen. */
export function inked(levels: Uint8Array, x: number, y: number): Uint8Array {
  return levels.map((level, i) => {
    const distance = Math.hypot((i % DRAWN_SIDE) + 0.5 - x, Math.floor(i / DRAWN_SIDE) + 0.5 - y);
    return Math.max(level, Math.round(FULL * Math.min(1, Math.max(0, 1.4 * (1 - distance / (RADIUS + 0.5))))));
  });
}

/** The drawing after the pen went from one point to another. */
export function stroked(levels: Uint8Array, from: readonly [x: number, y: number], to: readonly [x: number, y: number]): Uint8Array {
  const steps = Math.max(1, Math.ceil(4 * Math.hypot(to[0] - from[0], to[1] - from[1])));
  let now = levels;
  for (let i = 0; i <= steps; i++) now = inked(now, from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps);
  return now;
}
