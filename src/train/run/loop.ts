/**
 * The loop around the training step: batches in, metrics and checkpoints out. The clock and files are used only here and in run.ts.
 *
 * Everything that a step draws or reads follows from the number of steps done: its epoch, the epoch's order, the augmentation of each sample,
 * the learning rate (constant within an epoch). So a run that is stopped or killed anywhere resumes to bitwise identical weights.
 */
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { newestCheckpoint } from "../../io/checkpoint/read.ts";
import { openCheckpointWriter } from "../../io/checkpoint/writer.ts";
import { openMetrics, type MetricsFile } from "../../io/metrics.ts";
import { readTree } from "../../io/weights/trees.ts";
import type { Engine } from "../../kernels/engine.ts";
import { fold } from "../../tensor/key.ts";
import { progressOf, type Progress } from "./progress.ts";
import type { TrainingRecipe } from "./recipe.ts";
import { delayedLearningRate, learningRate } from "../optimizer/schedule.ts";
import { initialState, restoredState } from "./state.ts";
import { trainStep, type TrainState } from "../step/step.ts";
import { loaderOf, mixesOf, orderOf, requestsFrom } from "./batches.ts";
import type { Measured, Training } from "./training.ts";
import { uploadBatch } from "../step/uploadBatch.ts";

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
  /** Called after each step. */
  readonly onProgress: ((progress: Progress) => void) | null;
  /** Called after each step; true: save and stop. */
  readonly stop: (() => boolean) | null;
  /** Threads that make the batches; 0: the calling thread makes them. */
  readonly workers: number;
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

/** The loss is not finite, so that training cannot continue. */
export class LossError extends Error {
  override readonly name = "LossError";
}

/** Losses are read this many steps late, so that an asynchronous engine never waits for them. */
const LAG = 4;

/** A row of the metrics whose loss is still being read. */
interface Pending {
  readonly row: { readonly epoch: number; readonly step: number; readonly lr: number };
  readonly measured: Measured;
  readonly loss: Promise<ArrayLike<number>>;
}

/** Waits for all losses but the last `left` and writes their rows. Returns the last of these losses; null: there was none. */
async function settle(pending: Pending[], left: number, metrics: MetricsFile): Promise<number | null> {
  let last: number | null = null;
  for (const { row, measured, loss } of pending.splice(0, Math.max(0, pending.length - left))) {
    const { epoch, step, lr } = row;
    last = (await loss)[0] ?? NaN;
    if (!Number.isFinite(last)) throw new LossError(`train: the loss is ${last} at step ${step} (epoch ${epoch}, learning rate ${lr})`);
    await metrics.append([{ epoch, step, loss: last, lr, ...measured }]);
  }
  return last;
}

/** The state of the newest checkpoint, or a new state. */
async function startingState<P, B, S>(
  engine: Engine,
  { training, initial, digest }: Training<P, B, S>,
  checkpoints: string,
  { resume, onNotice }: Pick<RunSettings, "resume" | "onNotice">,
): Promise<TrainState<P, B>> {
  const k = engine.kernels;
  const checkpoint = resume ? await newestCheckpoint(checkpoints, { recipe: digest, engine: engine.name }, onNotice) : null;
  const fresh = initialState(k, training, initial(k));
  return checkpoint === null ? fresh : restoredState(engine, fresh, checkpoint);
}

/** The learning rate of an epoch, which is constant within it. */
const rateOf = ({ schedule, delayed }: TrainingRecipe, epoch: number): number =>
  delayed ? delayedLearningRate(schedule, epoch) : learningRate(schedule, epoch);

/**
 * Trains a model to the end of its recipe, or until it is stopped.
 *
 * @throws LossError if the loss is not finite; CheckpointError if the run cannot be resumed; RangeError for too few images
 */
export async function trainModel<P, B, S>(engine: Engine, of: Training<P, B, S>, run: RunSettings): Promise<Trained<P, B>> {
  const k = engine.kernels;
  const { batch: size, schedule, optimizer, clipNorm, emaDecay } = of.training;
  const order = orderOf(of);
  const perEpoch = order.stepsPerEpoch;
  const steps = perEpoch * schedule.epochs;
  const checkpoints = join(run.directory, "checkpoints");
  const loader = loaderOf(of, run); // its threads start while the state is made
  const writer = openCheckpointWriter(checkpoints);
  let metrics: MetricsFile | null = null;
  const pending: Pending[] = [];
  let loss: number | null = null;
  let waited = 0; // for batches, in ms

  try {
    let state = await startingState(engine, of, checkpoints, run);
    metrics = await openMetrics(join(run.directory, "metrics.jsonl"), state.step);
    const batches = loader.batches(requestsFrom(order, state.step, steps));
    const start = { step: state.step, time: performance.now() };
    while (state.step < steps) {
      const [epoch, index] = [Math.floor(state.step / perEpoch), state.step % perEpoch];
      const lr = rateOf(of.training, epoch);

      const requested = performance.now();
      const made = await batches.next();
      waited += performance.now() - requested;
      if (made.done === true) break;
      const batch = uploadBatch(k, made.value, mixesOf(of, state.step));
      const key = fold(fold(of.key, "step"), state.step);
      const next = trainStep(k, of.task, state, batch, key, { optimizer, lr, clipNorm, emaDecay: emaDecay ?? 0 });
      state = next.state;
      const read = engine.read(next.loss);
      read.catch(() => undefined); // if the run fails before, nobody awaits it
      engine.release([next.loss, batch]);

      const measured = index === perEpoch - 1 ? ((await of.measurement?.measured(state)) ?? {}) : {};
      pending.push({ row: { epoch, step: state.step, lr }, measured, loss: read });
      loss = (await settle(pending, LAG, metrics)) ?? loss;
      const spent = { images: (state.step - start.step) * size, elapsed: performance.now() - start.time, waited };
      run.onProgress?.(progressOf({ epoch, step: state.step, steps, loss, lr }, spent, size));

      const stopping = run.stop?.() ?? false;
      if (stopping || state.step === steps || state.step % (run.checkpointEvery ?? perEpoch) === 0) {
        await settle(pending, 0, metrics);
        await metrics.flush();
        await writer.save({
          step: state.step,
          recipe: of.digest,
          engine: engine.name,
          tensors: await readTree(engine, state),
        });
      }
      if (stopping || state.step === steps) await writer.flush();
      if (index === perEpoch - 1 && state.step < steps) {
        await settle(pending, 0, metrics);
        await of.onEpoch?.(state, { step: state.step, steps });
      }
      if (stopping && state.step < steps) return { state, interrupted: true };
      await turn(); // lets signal handlers and timers run
    }
    return { state, interrupted: false };
  } finally {
    await writer.close();
    await loader.close();
    await metrics?.close();
  }
}
