/** A profile (src/bench/profile.ts), for people and for scripts. */
import { gflops } from "../../bench/peak.ts";
import type { Profile } from "../../bench/profile.ts";
import { costOf, ownCost, phases, type Cost, type Phase, type ProfileNode } from "../../bench/profileTree.ts";
import { titleOf, type AboutProgram } from "./tables.ts";
import { percent, print, table } from "../output.ts";

const MS_DIGITS = 2;
const GMAC_DIGITS = 3;
const RATE_DIGITS = 1;
const RATIO_DIGITS = 3;
const GIGA = 1e9;
const MEGA = 1e6;
const INDENT = "  ";
/** Characters of the bar of the whole time. */
const BAR = 20;
/** People see nodes with at least this share of the whole; scripts get all. */
const WORTH = 0.002;

const inOrder = (nodes: readonly ProfileNode[]): readonly ProfileNode[] => nodes.toSorted((a, b) => costOf(b).ms - costOf(a).ms);

/** Rate of the matrix multiplications over the whole time, as a share of the measured peak; null where there are none, or no peak. */
function ratioOf(node: ProfileNode, peakGflops: number | null): number | null {
  const { ms, macs } = costOf(node);
  return peakGflops === null || macs === 0 ? null : gflops(2 * macs, ms) / peakGflops;
}

/** Dispatches, bytes and executed multiply–adds, where they are counted. */
const counted = ({ dispatches, bytes, traffic, executed }: Cost): Partial<Cost> =>
  dispatches === 0 ? {} : { dispatches, bytes, traffic, executed };

const costJson = (cost: Cost): Partial<Cost> => ({ ms: cost.ms, macs: cost.macs, ...counted(cost) });

function nodeJson(node: ProfileNode, whole: number, peakGflops: number | null): object {
  const cost = costOf(node);
  const ratio = ratioOf(node, peakGflops);
  return {
    name: node.name,
    places: node.places,
    ...costJson(cost),
    ownMs: ownCost(node).ms,
    share: cost.ms / whole,
    ...(ratio === null ? {} : { ratio }),
    phases: Object.fromEntries(phases.map((phase) => [phase, costJson(costOf(node, phase))])),
    parts: inOrder(node.children).map((child) => nodeJson(child, whole, peakGflops)),
  };
}

export const profileJson = ({ root, peakGflops }: Profile): object => ({
  ...(peakGflops === null ? {} : { peakGflops }),
  profile: nodeJson(root, costOf(root).ms, peakGflops),
});

function rowsOf(node: ProfileNode, whole: number, peakGflops: number | null, depth: number): readonly (readonly string[])[] {
  const { ms, macs, dispatches, traffic } = costOf(node);
  if (ms < WORTH * whole) return [];
  const ratio = ratioOf(node, peakGflops);
  const inPhase = (phase: Phase): string => {
    const cost = costOf(node, phase);
    return cost.ms === 0 ? "" : cost.ms.toFixed(MS_DIGITS);
  };
  const name = `${INDENT.repeat(depth)}${node.name === "" ? "all" : node.name}${node.places > 1 ? ` ×${node.places}` : ""}`;
  const row = [
    name,
    "█".repeat(Math.round((BAR * ms) / whole)),
    percent(ms / whole),
    ms.toFixed(MS_DIGITS),
    ownCost(node).ms.toFixed(MS_DIGITS),
    ...phases.slice(0, -1).map(inPhase),
    macs === 0 ? "" : (macs / GIGA).toFixed(GMAC_DIGITS),
    ratio === null ? "" : ratio.toFixed(RATIO_DIGITS),
    dispatches === 0 ? "" : `${dispatches}`,
    dispatches === 0 ? "" : (traffic / MEGA).toFixed(RATE_DIGITS),
  ];
  return [row, ...inOrder(node.children).flatMap((child) => rowsOf(child, whole, peakGflops, depth + 1))];
}

export function printProfile(about: AboutProgram, { root, peakGflops }: Profile): void {
  const { ms } = costOf(root);
  print(`${titleOf(about)}: ${ms.toFixed(MS_DIGITS)} ms`);
  if (peakGflops !== null) print(`measured peak ${peakGflops.toFixed(RATE_DIGITS)} GFLOP/s`);
  const head = ["op", "", "share", "ms", "own ms", ...phases.slice(0, -1), "GMAC", "of peak", "dispatches", "MB moved"];
  const columns = head.length - (costOf(root).dispatches === 0 ? 2 : 0);
  const rows = [head, ...rowsOf(root, ms, peakGflops, 0)].map((row) => row.slice(0, columns));
  const lines = table(rows, ["left", "left", ...head.slice(2, columns).map(() => "right" as const)]);
  for (const line of lines) print(line);
  print(`ops with less than ${percent(WORTH)} of the time are not shown`);
}
