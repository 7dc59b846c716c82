/** `mpirun -n N deit bench sums`: how long sums over ranks take. */
import { hostname } from "node:os";
import { quantile } from "../../bench/statistics.ts";
import { openRanks } from "../../ranks/open.ts";
import type { Ranks, Reduction } from "../../ranks/ranks.ts";
import { print, printJson, table } from "../output.ts";
import type { BenchOptions } from "./options.ts";

/** Numbers in a sum: one, a bucket of gradients, and the gradients of DeiT-Ti, S and B. */
const LENGTHS = [1, 250_000, 1_400_000, 5_700_000, 22_000_000, 86_000_000] as const;
const BYTES = 4;
const MEGA = 1e6;

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  ordered: { kind: "ordered" },
  "fast f32": { kind: "fast", wire: "f32" },
  "fast f16": { kind: "fast", wire: "f16" },
};

interface Row {
  readonly reduction: string;
  readonly bytes: number;
  /** ms of each repetition, on the first rank. */
  readonly ms: readonly number[];
}

/** Times one sum after the other, each after a barrier. */
async function timed(ranks: Ranks, length: number, how: Reduction, repetitions: number): Promise<readonly number[]> {
  const numbers = new Float32Array(length).fill(1 + ranks.rank);
  const found: number[] = [];
  for (let i = 0; i <= repetitions; i++) {
    await ranks.barrier();
    const begun = performance.now();
    await ranks.sum(numbers, how);
    if (i > 0) found.push(performance.now() - begun); // the first takes fresh memory
  }
  return found;
}

/** @throws RangeError where this process was not started by mpirun */
export async function sums({ repetitions, json }: BenchOptions): Promise<void> {
  const ranks = await openRanks();
  if (ranks === null)
    throw new RangeError("sums are taken over ranks, and this process is alone; mpirun -n 2 npx deit bench sums would be right");
  const rows: Row[] = [];
  for (const [reduction, how] of Object.entries(REDUCTIONS)) {
    if (how.kind === "ordered" && !Number.isInteger(Math.log2(ranks.count))) continue;
    for (const length of LENGTHS) rows.push({ reduction, bytes: BYTES * length, ms: await timed(ranks, length, how, repetitions) });
  }
  if (ranks.rank === 0) report({ ranks: ranks.count, rows, json: json === true });
  await ranks.close();
}

function report({ ranks, rows, json }: { readonly ranks: number; readonly rows: readonly Row[]; readonly json: boolean }): void {
  if (json) return printJson({ what: "sums", ranks, rows });
  print(`sums over ${ranks} rank${ranks === 1 ? "" : "s"}, the first on ${hostname()}`);
  const cells = rows.map(({ reduction, bytes, ms }) => [
    reduction,
    (bytes / MEGA).toPrecision(3),
    ...[1 / 2, 0, 3 / 4].map((q) => quantile(ms, q).toFixed(2)),
    (bytes / MEGA / quantile(ms, 1 / 2)).toFixed(2),
  ]);
  const head = ["sum", "MB", "median ms", "least", "upper quartile", "GB/s"];
  for (const line of table([head, ...cells], ["left", "right", "right", "right", "right", "right"])) print(line);
}
