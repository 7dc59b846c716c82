/** How laws make rows of `deit check`. */
import type { Draw } from "../../check/draw.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances, type ToleranceName } from "../../check/tolerance.ts";

/** A row whose error is computed on an engine. */
export const row = (id: string, title: string, error: Row["error"], tolerance: ToleranceName = "equation"): Row => ({
  id,
  title,
  tolerance: tolerances[tolerance],
  error,
});

/** A row that needs no engine. */
export const hostRow = (id: string, title: string, error: (draw: Draw) => number, tolerance: ToleranceName = "exact"): Row => ({
  ...row(id, title, (_, draw) => error(draw), tolerance),
  host: true,
});
