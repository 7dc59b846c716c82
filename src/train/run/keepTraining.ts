/**
 * Training that survives device losses. A GPU device may be lost at any moment, with every tensor on it. So the state is read to the host as a
 * checkpoint every few steps, and after a device loss the training continues from the last checkpoint on a new engine.
 *
 * A checkpoint is plain data: a worker can post it to its page, which hands it to another worker if the first one dies.
 *
 * Everything that a step draws or reads follows from the number of steps done, so the result is bitwise identical however often the training
 * is interrupted.
 */
import type { Checkpoint } from "../../io/checkpoint/read.ts";
import { readTree } from "../../io/weights/trees.ts";
import type { Engine } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import { workOfSubmits } from "./failures.ts";
import { restoredState } from "./state.ts";
import type { TrainState } from "../step/step.ts";

/** A training on one engine, which can continue from a checkpoint. */
export interface ResumableTraining<Params, Buffers> {
  /** The state before the first step. A checkpoint is restored into its names and shapes. */
  readonly initial: () => TrainState<Params, Buffers>;
  /** The next step. Consumes the state. */
  readonly step: (state: TrainState<Params, Buffers>) => Promise<TrainState<Params, Buffers>>;
}

/** A training that survives the loss of its engine's device. */
export interface KeptTraining<Params, Buffers> {
  /**
   * Makes an engine: the first, and a new one after each loss.
   *
   * @param submitWork how much work its command buffers may hold, an option of `webgpuEngine`; null: as much as it likes
   */
  readonly open: (submitWork: number | null) => Promise<Engine>;
  /** Sets the training up on an engine; called for each one. */
  readonly study: (engine: Engine) => ResumableTraining<Params, Buffers>;
  /** The number of steps of the whole training. */
  readonly steps: number;
  /** Steps from one checkpoint to the next. The last step always makes a checkpoint. */
  readonly every: number;
  /** The checkpoint to continue from; null: start from the beginning. */
  readonly from: Checkpoint | null;
  /** Receives each checkpoint. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void;
}

/** How many engines may be lost in a row without a checkpoint in between, if their command buffers cannot be smaller. */
const MAX_LOST = 3;

/**
 * Trains to the last step, and closes its engines.
 *
 * @throws DeviceLostError if engines are lost again and again without a checkpoint in between; whatever else `open` and `study` throw
 */
export async function keepTraining<P, B>({ open, study, steps, every, from, onCheckpoint }: KeptTraining<P, B>): Promise<void> {
  let [last, lost] = [from, 0];
  const work = workOfSubmits(null);
  const train = async (engine: Engine): Promise<void> => {
    const { initial, step } = study(engine);
    let state = last === null ? initial() : restoredState(engine, initial(), last);
    while (state.step < steps) {
      state = await step(state);
      if (state.step % every !== 0 && state.step !== steps) continue;
      last = { step: state.step, tensors: await readTree(engine, state) };
      lost = 0;
      onCheckpoint(last);
    }
  };
  const isDone = async (engine: Engine): Promise<boolean> => {
    try {
      await train(engine);
      return true;
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      lost++;
      if (!work.lost(engine, lost) && lost > MAX_LOST) throw error;
      return false;
    } finally {
      engine.close();
    }
  };
  while (!(await isDone(await open(work.next()))));
}
