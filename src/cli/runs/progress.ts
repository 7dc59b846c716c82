/** The progress of training on stderr: one line that is written over on a terminal, elsewhere a line from time to time. */
import type { StageProgress } from "../../train/run/run.ts";

/** Between two lines where there is no terminal, and between two states of the line where there is, in ms. */
const QUIET = 10_000;
const FRAME = 100;
const MINUTE = 60;

const duration = (seconds: number): string => {
  const whole = Math.ceil(seconds);
  return `${Math.floor(whole / MINUTE)}:${String(whole % MINUTE).padStart(2, "0")}`;
};

function lineOf({ stage, epoch, step, steps, loss, lr, imagesPerSecond, secondsLeft, dataWait }: StageProgress): string {
  const parts = [
    `${stage}: epoch ${epoch}`,
    `step ${step}/${steps}`,
    `loss ${loss === null ? "…" : loss.toFixed(3)}`,
    `lr ${lr.toExponential(1)}`,
    `${imagesPerSecond.toFixed(0)} images/s`,
    `data wait ${(100 * dataWait).toFixed(1)} %`,
    `ETA ${duration(secondsLeft)}`,
  ];
  return parts.join(", ");
}

/** To be called after each step. */
export function progressReporter(): (progress: StageProgress) => void {
  const { stderr } = process;
  let last = { stage: "", time: 0 };
  return (progress) => {
    const { stage } = progress;
    const ends = progress.step === progress.steps;
    if (!ends && stage === last.stage && performance.now() - last.time < (stderr.isTTY ? FRAME : QUIET)) return;
    last = { stage, time: performance.now() };
    if (stderr.isTTY) stderr.write(`\r\u001B[K${lineOf(progress)}${ends ? "\n" : ""}`);
    else stderr.write(`${lineOf(progress)}\n`);
  };
}
