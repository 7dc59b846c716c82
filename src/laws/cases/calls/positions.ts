/** Random calls of position resizing, with the expected output by loops. */
import type { Draw } from "../../../check/draw.ts";
import type { Grid, PositionResizeAttrs, PositionResizeInputs, Resampling } from "../../../ops/positionResize.ts";
import type { HostCall } from "../hostCall.ts";
import { positionResize } from "../../loops/positions.ts";

const MOST_INPUTS = 7;
const MOST_OUTPUTS = 9;

/** Rectangular grids that grow, shrink or keep their size. Some calls omit `resampling`, whose default is `deit`. */
export function positionResizeCall(draw: Draw, resampling: Resampling): HostCall<PositionResizeInputs, PositionResizeAttrs> {
  const from: Grid = [draw.integer(1, MOST_INPUTS), draw.integer(1, MOST_INPUTS)];
  const to: Grid = [draw.integer(1, MOST_OUTPUTS), draw.oneOf([from[1], draw.integer(1, MOST_OUTPUTS)])];
  const prefix = draw.integer(1, 2);
  const omitted = resampling === "deit" && draw.oneOf([true, false]);
  const attrs: PositionResizeAttrs = { from, to, prefix, ...(omitted ? {} : { resampling }) };
  const pos = draw.array([1, prefix + from[0] * from[1], draw.integer(1, 3)]);
  return { inputs: { pos }, attrs, expected: positionResize(pos, attrs) };
}
