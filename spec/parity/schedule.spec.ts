/** The learning rate against timm's scheduler, stepped as in the authors' script (fixtures/schedule). */
import { describe, expect, it } from "vitest";
import { delayedLearningRate, learningRate, type Schedule } from "../../src/train/optimizer/schedule.ts";
import { textOf } from "../helpers/fixtures.ts";

interface Run {
  readonly name: string;
  readonly base_lr: number;
  readonly epochs: number;
  readonly warmup: number;
  readonly min_lr: number;
  readonly warmup_lr: number;
  /** f(t), t = 0 … E + 10. */
  readonly f_of_t: readonly number[];
  /** The learning rate of each epoch. */
  readonly deit_lr_by_epoch: readonly number[];
}

const { runs, tolerance_rel: tolerance }: { runs: readonly Run[]; tolerance_rel: number } = JSON.parse(textOf("schedule/schedule.json"));

const scheduleOf = ({ base_lr: base, min_lr: min, warmup_lr: warmup, warmup: warmupEpochs, epochs }: Run): Schedule => ({
  base,
  min,
  warmup,
  warmupEpochs,
  epochs,
});

const relativeError = (f: (t: number) => number, expected: readonly number[]): number =>
  Math.max(...expected.map((rate, t) => Math.abs(f(t) - rate) / rate));

describe.each(runs.map((run) => [run.name, run] as const))("%s", (_, run) => {
  it("f(t) is the scheduler's rate", () => {
    expect(relativeError((t) => learningRate(scheduleOf(run), t), run.f_of_t)).toBeLessThanOrEqual(tolerance);
  });

  it("each epoch has the authors' rate, which is one epoch late", () => {
    expect(relativeError((epoch) => delayedLearningRate(scheduleOf(run), epoch), run.deit_lr_by_epoch)).toBeLessThanOrEqual(tolerance);
  });
});
