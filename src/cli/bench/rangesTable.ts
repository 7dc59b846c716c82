/** Results of `deit bench train --ranges` (src/bench/ranges.ts), for people and for scripts. */
import type { OpRange, Range } from "../../bench/ranges.ts";
import { percent, print, table } from "../output.ts";

const DIGITS = 3;
/** Smaller shares would be printed as 0.00 %. */
const LEAST_SHARE = 5e-5;

const shareText = (share: number): string => (share === 0 ? "" : share < LEAST_SHARE ? "< 0.01 %" : percent(share));

const cellsOf = (range: Range | null): readonly string[] =>
  range === null ? ["", "", "", ""] : [range.largest.toPrecision(DIGITS), ...[range.flushed, range.subnormal, range.beyond].map(shareText)];

export const rangesJson = (ranges: readonly OpRange[]): object => ({ ranges });

export function printRanges(
  { model, imageSize, batch }: { readonly model: string; readonly imageSize: number; readonly batch: number },
  ranges: readonly OpRange[],
): void {
  print(`a training step of ${model} at ${imageSize}×${imageSize}, batch ${batch}: what f16 would do to its numbers`);
  const columns = ["to 0", "subnormal", "> 65504"];
  const head = ["op", "output", ...columns, "cotangent", ...columns];
  const rows = ranges.map(({ path, places, output, cotangent }) => [
    places > 1 ? `${path} ×${places}` : path,
    ...cellsOf(output),
    ...cellsOf(cotangent),
  ]);
  for (const line of table(
    [head, ...rows],
    head.map((_, i) => (i === 0 ? "left" : "right")),
  ))
    print(line);
  print(
    "The columns output and cotangent show the largest magnitude. The cotangent of the loss is 1; a loss scale would multiply all cotangents.",
  );
}
