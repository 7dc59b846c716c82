/**
 * Training that outlives its device. A GPU may be taken away at any moment, and every tensor on it is gone then. So the state is read to the host
 * every few steps, as a checkpoint, and where the device is lost the training goes on from the last one, on a new engine.
 *
 * A checkpoint is plain data: a worker can post it to its page, which gives it to another worker where the first has died.
 *
 * Since all that a step draws or reads follows from the number of steps done, a training comes to the same bits however often it is interrupted.
 */
import type { Checkpoint } from "../../io/checkpoint.ts";
import { readTree } from "../../io/weights/trees.ts";
import type { Engine } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import { restoredState } from "./state.ts";
import type { TrainState } from "../step/step.ts";

/** A training on one engine. */
export interface Study<Params, Buffers> {
  /** The state before the first step; of its names and shapes alone is made what a checkpoint goes on as. */
  readonly initial: () => TrainState<Params, Buffers>;
  /** The next step. Consumes the state. */
  readonly step: (state: TrainState<Params, Buffers>) => Promise<TrainState<Params, Buffers>>;
}

/** A training that outlives its engine. */
export interface Keeping<Params, Buffers> {
  /** A new engine, each time that the last one was lost. */
  readonly open: () => Promise<Engine>;
  /** All that lies on an engine, made anew for each. */
  readonly study: (engine: Engine) => Study<Params, Buffers>;
  /** Steps in all. */
  readonly steps: number;
  /** Steps from one checkpoint to the next. The last step always makes one. */
  readonly every: number;
  /** null: from the beginning. */
  readonly from: Checkpoint | null;
  /** Told of each checkpoint. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void;
}

/** Engines that may be lost one after the other without a checkpoint in between: more are no accident. */
const MOST_LOST = 3;

/**
 * Trains to the last step, and closes its engines.
 *
 * @throws DeviceLostError where engines are lost again and again before there is a checkpoint; whatever else `open` and `study` throw
 */
export async function keepTraining<P, B>({ open, study, steps, every, from, onCheckpoint }: Keeping<P, B>): Promise<void> {
  let [last, lost] = [from, 0];
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
      if (!(error instanceof DeviceLostError) || ++lost > MOST_LOST) throw error;
      return false;
    } finally {
      engine.close();
    }
  };
  while (!(await isDone(await open())));
}
