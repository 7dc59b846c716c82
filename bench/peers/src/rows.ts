/** Formats the results as a table and as JSON. */
import { cpus } from "node:os";
import type { Row } from "./bench.ts";
import type { What } from "./child.ts";
import { print, table } from "./deit.ts";
import { BATCH } from "./given.ts";

const TITLES: { readonly [W in What]: string } = {
  forward: "DeiT-Ti⚗ at 224, one image from its pixels to its logits",
  train: `DeiT-Ti⚗ at 224, one training step of ${BATCH} images: forward, hard distillation from given logits, backward, AdamW`,
};
const CLOCK =
  "ms on 1 thread: processor time; on more: time on the clock. Ratio: median over rounds of the library's time over deit's; of min: ratio of the least times.";
const HEAD = ["library", "threads", "median ms", "min … 75 %", "ratio", "of min", "cores", "max |Δ|", "in", "packages"];

/** Empty if this project's own time is missing. */
const share = (ratio: number): string => (Number.isFinite(ratio) ? ratio.toFixed(2) : "");

function cells({ library, threads, found }: Row): readonly string[] {
  if (typeof found === "string") return [library, `${threads}`, "", "", "", "", "", "", "", `not available: ${found}`];
  const { ms, ratio, ratioOfMin, cores, deviation, version } = found;
  const range = `${ms.min.toFixed(1)} … ${ms.upper.toFixed(1)}`;
  return [
    library,
    `${threads}`,
    ms.median.toFixed(1),
    range,
    share(ratio),
    share(ratioOfMin),
    cores.toFixed(2),
    deviation.difference.toExponential(1),
    deviation.name,
    version,
  ];
}

export function printRows(what: What, rows: readonly Row[]): void {
  print(TITLES[what]);
  const align = HEAD.map((_, i) => ([0, 8, 9].includes(i) ? "left" : "right"));
  for (const line of table([HEAD, ...rows.map(cells)], align)) print(line);
  print("");
}

/** `AMD EPYC 9R14, 2 cores, Node 20.20.2` */
export const machine = (): string => `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, Node ${process.versions.node}`;

export function printFoot(): void {
  print(CLOCK);
  print(machine());
}

export const rowJson = ({ library, threads, found }: Row): object =>
  typeof found === "string" ? { library, threads, notAvailable: found } : { library, threads, ...found };
