/** Results of `deit bench forward|train` on an asynchronous engine (src/bench/asynchronous.ts), for people and for scripts. */
import type { AsynchronousProgramTiming } from "../../bench/asynchronous.ts";
import { titleOf, type AboutProgram } from "./tables.ts";
import { megabytes, percent, print } from "../output.ts";

const MS_DIGITS = 2;
const RATE_DIGITS = 1;
const TO_MICRO = 1e3;

/** What the host takes: µs per dispatch, and its share of the time of a run. */
const hostOf = ({ ms, host, dispatches }: AsynchronousProgramTiming): { readonly hostUs: number; readonly hostShare: number } => ({
  hostUs: (host.median / dispatches) * TO_MICRO,
  hostShare: host.median / ms.median,
});

export const asynchronousJson = (timing: AsynchronousProgramTiming): object => ({
  ms: timing.ms,
  imagesPerSecond: timing.imagesPerSecond,
  gflops: timing.gflops,
  dispatches: timing.dispatches,
  submits: timing.submits,
  hostMs: timing.host.median,
  ...hostOf(timing),
  reservedBytes: timing.reservedBytes,
  freshBytes: timing.freshBytes,
});

export function printAsynchronous(about: AboutProgram, timing: AsynchronousProgramTiming): void {
  const { ms, imagesPerSecond, gflops, dispatches, submits, host, reservedBytes, freshBytes } = timing;
  const { hostUs, hostShare } = hostOf(timing);
  print(`${titleOf(about)}: ${imagesPerSecond.toFixed(RATE_DIGITS)} images/s`);
  print(`${ms.median.toFixed(MS_DIGITS)} ms a run (${ms.min.toFixed(MS_DIGITS)} … ${ms.upper.toFixed(MS_DIGITS)})`);
  print(`matrix multiplications over the whole time: ${gflops.toFixed(RATE_DIGITS)} GFLOP/s`);
  print(`${dispatches} dispatches in ${submits} command buffers, encoded in ${host.median.toFixed(MS_DIGITS)} ms: ${hostUs.toFixed(MS_DIGITS)} µs each, ${percent(hostShare)} of the time`); // prettier-ignore
  print(`memory: ${megabytes(reservedBytes)} held, ${freshBytes} bytes newly allocated after the second run`);
}
