/** The checkpoints of a run: the state that it starts from, and when it saves. */
import { join } from "node:path";
import { newestCheckpoint } from "../../io/checkpoint/read.ts";
import { openCheckpointWriter } from "../../io/checkpoint/writer.ts";
import { readTree } from "../../io/weights/trees.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { TrainState } from "../step/step.ts";
import type { RunSettings } from "./loop.ts";
import { initialState, restoredState } from "./state.ts";
import type { Training } from "./training.ts";

const checkpointsIn = ({ directory }: RunSettings): string => join(directory, "checkpoints");

/** The state of the newest checkpoint, or a new state. */
export async function startingState<P, B, S>(
  engine: Engine,
  { training, initial, digest }: Training<P, B, S>,
  run: RunSettings,
): Promise<TrainState<P, B>> {
  const k = engine.kernels;
  const of = { recipe: digest, engine: engine.name };
  const checkpoint = run.resume ? await newestCheckpoint(checkpointsIn(run), of, run.onNotice) : null;
  const fresh = initialState(k, training, initial(k));
  return checkpoint === null ? fresh : restoredState(engine, fresh, checkpoint);
}

/** In ms. */
const MINUTE = 60_000;

/** Saves a training from time to time. */
export interface Checkpoints<P, B> {
  /** Saves the state if a checkpoint is due; the training goes on while it is written. `last`: now, and waits until it is on the disk. */
  readonly after: (state: TrainState<P, B>, last: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * The checkpoints of a training whose epochs have `perEpoch` steps.
 *
 * @param before called before each save, so that the metrics on the disk reach as far as the checkpoint
 */
export function checkpointsOf<P, B, S>(
  engine: Engine,
  { digest }: Training<P, B, S>,
  run: RunSettings,
  perEpoch: number,
  before: () => Promise<void>,
): Checkpoints<P, B> {
  const writer = openCheckpointWriter(checkpointsIn(run));
  let savedAt = performance.now();
  const isDue = (step: number): boolean => {
    if (run.checkpointMinutes > 0 && performance.now() - savedAt >= run.checkpointMinutes * MINUTE) return true;
    if (run.checkpointEvery !== null) return step % run.checkpointEvery === 0;
    return step % perEpoch === 0 && !writer.busy(); // short epochs do not wait for the disk
  };
  return {
    after: async (state, last) => {
      const { step } = state;
      if (!last && !isDue(step)) return;
      await before();
      await writer.save({ step, recipe: digest, engine: engine.name, tensors: await readTree(engine, state) });
      savedAt = performance.now();
      if (last) await writer.flush();
    },
    close: writer.close,
  };
}
