/**
 * The loop around the training step: batches in, metrics and checkpoints out. The clock and files are used only here and in run.ts.
 *
 * Everything that a step draws or reads follows from the number of steps done: its epoch, the epoch's order, the augmentation of each sample,
 * the learning rate (constant within an epoch). So a run that is stopped or killed anywhere resumes to bitwise identical weights.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Engine } from "../../kernels/engine.ts";
import { RankError } from "../../ranks/ranks.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { named } from "../../tensor/tree.ts";
import { checkpointsOf, startingState, type Checkpoints } from "./checkpoints.ts";
import { progressOf, startWatch, type Progress } from "./progress.ts";
import { gradientsOf } from "../step/gradients.ts";
import { updated, type Stepped, type TrainState } from "../step/step.ts";
import { loaderOf, orderOf, requestsFrom, shareOf } from "./batches.ts";
import { LossError, metricsQueue, type OnEngine } from "./metrics.ts";
import { tracedLoss } from "./repeat.ts";
import { openRunFiles, type RunFiles } from "./runFiles.ts";
import { settingsOf, stepBatch } from "./stepBatch.ts";
import { stepSums, type RunRanks } from "./sumOverRanks.ts";
import type { Training } from "./training.ts";

/** Where a run keeps its files, and how it is watched. */
export interface RunSettings {
  /** An existing folder, for `metrics.jsonl` and `checkpoints/`. */
  readonly directory: string;
  /** Continues from the newest checkpoint, if there is one. */
  readonly resume: boolean;
  /** Steps from one checkpoint to the next; null: one epoch. The last step always makes a checkpoint. */
  readonly checkpointEvery: number | null;
  /** The longest time from one checkpoint to the next, in minutes; 0: only after so many steps. */
  readonly checkpointMinutes: number;
  /** Epochs from one measurement of the accuracies on the test images to the next; the last epoch is always measured. 0: only the last. */
  readonly measureEvery: number;
  /** Called after each step. */
  readonly onProgress: ((progress: Progress) => void) | null;
  /** Called after each step; true: save and stop. */
  readonly stop: (() => boolean) | null;
  /** Threads that make the batches; 0: the calling thread makes them. */
  readonly workers: number;
  /** Makes the reference engine, on which a step with a loss that is not finite is repeated; null: it is not traced. */
  readonly reference: (() => Engine) | null;
  /** The ranks among which each batch is divided; null: there is only this process. */
  readonly ranks: RunRanks | null;
  /** Called with one line about something that the run got over, such as an image that cannot be decoded. */
  readonly onNotice: (line: string) => void;
}

/** The outcome of a training. */
export interface Trained<Params, Buffers> {
  /** The caller uses and releases it. */
  readonly state: TrainState<Params, Buffers>;
  /** Whether it was stopped before its end, after a checkpoint. */
  readonly interrupted: boolean;
}

/** The only process, as a rank. */
const ALONE = { rank: 0, count: 1 };

/** Every how many steps a row has all numbers; the last row of an epoch has them too. */
const MEASURED_EVERY = 10;

/** The numbers of a measured step besides its loss. */
const measuresOf = <P, B>(truth: Tensor | null, { norm, state: { lossScale } }: Stepped<P, B>): OnEngine => ({
  loss_class: truth,
  gradient_norm: norm,
  loss_scale: lossScale?.scale ?? null,
  skipped: lossScale?.skipped ?? null,
});

/** The error, and what it was traced to if it is a loss that is not finite. Consumes the state. */
async function explained<P, B, S>(
  error: unknown,
  engine: Engine,
  of: Training<P, B, S>,
  run: RunSettings,
  state: TrainState<P, B> | null,
): Promise<unknown> {
  if (!(error instanceof LossError) || run.reference === null || run.ranks !== null) return error;
  engine.release(state);
  return tracedLoss(engine, of, run, error, run.reference).catch(
    (reason: Error) => new LossError(`${error.message}; it could not be traced: ${reason.message}`, error.step),
  );
}

/**
 * Trains a model to the end of its recipe, or until it is stopped.
 *
 * @throws LossError if the loss is not finite; CheckpointError if the run cannot be resumed or saved; RangeError for too few images
 */
export async function trainModel<P, B, S>(engine: Engine, of: Training<P, B, S>, run: RunSettings): Promise<Trained<P, B>> {
  const k = engine.kernels;
  const { batch: size, schedule } = of.training;
  const { rank, count } = run.ranks?.ranks ?? ALONE;
  const order = orderOf(of);
  const perEpoch = order.stepsPerEpoch;
  const steps = perEpoch * schedule.epochs;
  const share = shareOf(of, rank, count);
  const loader = loaderOf(of, share, run); // its threads start while the state is made
  let file: RunFiles | null = null;
  let checkpoints: Checkpoints<P, B> | null = null;
  let last: TrainState<P, B> | null = null;

  try {
    let state = await startingState(engine, of, run);
    await run.ranks?.ranks.barrier(); // all have read the checkpoint
    file = rank === 0 ? await openRunFiles(run.directory, state.step) : null;
    const metrics = metricsQueue(engine, file);
    const { flush = null } = file ?? {};
    checkpoints = checkpointsOf(engine, of, run, perEpoch, async () => {
      await metrics.settle(true);
      await flush?.();
    });
    const parameters = share.own.to - share.own.from === share.micro ? new Set(named(state.params).keys()) : new Set<string>();
    const batches = loader.batches(requestsFrom(order, share, state.step, steps));
    /** After the loss of a rank, one that is left saves the state before the step. */
    const saveAndThrow = async (error: unknown, before: TrainState<P, B>): Promise<never> => {
      if (error instanceof RankError && rank === (error.rank === 0 ? 1 : 0)) await checkpoints?.after(before, true);
      throw error;
    };
    const isMeasured = (epoch: number): boolean => epoch === schedule.epochs - 1 || (epoch + 1) % run.measureEvery === 0; // x % 0 is NaN
    const [first, watch] = [state.step, startWatch()];
    let measuredAt = first;
    while (state.step < steps) {
      const [epoch, index] = [Math.floor(state.step / perEpoch), state.step % perEpoch];
      const settings = settingsOf(of.training, epoch);
      const made = await watch.waitFor(batches.next());
      if (made.done === true) break;
      const { batch, division } = await stepBatch(k, of, share, state.step, made.value);
      const sums = run.ranks === null ? null : stepSums(engine, run.ranks, parameters);
      const computed = k.region("gradients", () => gradientsOf(sums?.watched(k) ?? k, of.task, state, batch, division));
      const together = await sums?.finish(computed, run.stop?.() ?? false).catch((error: unknown) => saveAndThrow(error, state));
      const { loss, truth, ...gradients } = together?.made ?? computed;
      const endsEpoch = index === perEpoch - 1;
      const measures = endsEpoch || (state.step + 1) % MEASURED_EVERY === 0;
      const next = updated(k, of.task, state, gradients, settings, measures);
      engine.release(batch);
      state = next.state;
      last = state;

      const measured = {
        ...(measures ? { ...watch.read((state.step - measuredAt) * size), memory: engine.memory().peak } : {}),
        ...(endsEpoch && isMeasured(epoch) ? await of.measurement?.measured(state) : {}),
      };
      if (measures) measuredAt = state.step;
      const done = { epoch, step: state.step, lr: settings.lr };
      metrics.push({ ...done, teacherShare: of.teacherShare, measured }, { loss, ...(measures ? measuresOf(truth, next) : {}) });
      engine.release([loss, truth, next.norm]);
      const latest = await metrics.settle(false);
      run.onProgress?.(progressOf({ ...done, steps, loss: latest }, watch.total((state.step - first) * size), size));

      const stopping = together?.stopping ?? run.stop?.() ?? false;
      if (rank === 0) await checkpoints.after(state, stopping || state.step === steps);
      if (endsEpoch && state.step < steps && of.onEpoch && rank === 0) {
        await metrics.settle(true);
        await of.onEpoch(state, { step: state.step, steps });
      }
      if (stopping && state.step < steps) return { state, interrupted: true };
      await turn(); // lets signal handlers and timers run
    }
    return { state, interrupted: false };
  } catch (error) {
    throw await explained(error, engine, of, run, last);
  } finally {
    await loader.close();
    await checkpoints?.close();
    await file?.close();
  }
}
