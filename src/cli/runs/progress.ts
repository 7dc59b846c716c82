/** Shows the progress of training on stderr: on a terminal in one line that is overwritten, elsewhere in a new line every ten seconds. */
import type { StageProgress } from "../../train/run/run.ts";

/** Between two lines without a terminal, in ms. */
const LINE_MS = 10_000;
/** Between two updates of the line on a terminal, in ms. */
const UPDATE_MS = 100;
/** In seconds. */
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

/** Returns a function to be called after each step. */
export function progressReporter(): (progress: StageProgress) => void {
  const { stderr } = process;
  let last = { stage: "", time: 0 };
  return (progress) => {
    const { stage } = progress;
    const ends = progress.step === progress.steps;
    if (!ends && stage === last.stage && performance.now() - last.time < (stderr.isTTY ? UPDATE_MS : LINE_MS)) return;
    last = { stage, time: performance.now() };
    if (stderr.isTTY) stderr.write(`\r\u001B[K${lineOf(progress)}${ends ? "\n" : ""}`);
    else stderr.write(`${lineOf(progress)}\n`);
  };
}
