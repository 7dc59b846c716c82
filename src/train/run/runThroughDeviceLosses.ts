/** A run that survives device losses: after each one it continues from its last checkpoint on a new device, to bitwise identical weights. */
import type { Engine } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import { countFailures, MAX_WITHOUT_PROGRESS, workOfSubmits } from "./failures.ts";
import type { Recipe } from "./recipe.ts";
import { runRecipe, type Interrupted, type RunOptions, type RunResult } from "./run.ts";

/** A run that has ended, and the engine that it ended on. */
export interface FinishedRun {
  readonly result: RunResult | Interrupted;
  /** The engine of the last attempt; the caller closes it. */
  readonly engine: Engine;
}

/** A device loss, and how much work the command buffers of the next engine hold; null: as much as it likes. */
export interface Loss {
  readonly error: DeviceLostError;
  readonly submitWork: number | null;
}

/** No further attempt could end otherwise. */
const refusal = (error: DeviceLostError): RangeError =>
  new RangeError(
    `${error.message}, again and again, even with one dispatch at a time; a smaller training.batch or training.micro_batch has shorter ones`,
    {
      cause: error,
    },
  );

/**
 * Calls `runRecipe`, again with a new engine after each device loss, unless other ranks wait for this one. The command buffers of the new engine are
 * smaller, as long as they can be.
 *
 * @param newEngine makes an engine whose command buffers hold at most so much work; null: as much as it likes
 * @throws DeviceLostError if the run makes no progress, and RangeError if it makes none with the smallest command buffers; whatever `runRecipe` and
 * `newEngine` throw
 */
export async function runThroughDeviceLosses(
  newEngine: (submitWork: number | null) => Promise<Engine>,
  recipe: Recipe,
  options: RunOptions,
  onLoss: (loss: Loss) => void,
): Promise<FinishedRun> {
  const failures = countFailures();
  const work = workOfSubmits(null);
  const onProgress: RunOptions["onProgress"] = (progress) => {
    failures.reached(progress);
    options.onProgress?.(progress);
  };
  let engine = await newEngine(work.next());
  for (let { resume } = options; ; resume = true) {
    try {
      return { engine, result: await runRecipe(engine, recipe, { ...options, resume, onProgress }) };
    } catch (error) {
      engine.close();
      if (!(error instanceof DeviceLostError) || options.ranks !== null) throw error;
      const count = failures.failed();
      const isSmaller = work.lost(engine, count);
      if (!isSmaller && count >= MAX_WITHOUT_PROGRESS) throw work.next() === null ? error : refusal(error);
      onLoss({ error, submitWork: work.next() });
      engine = await newEngine(work.next()).catch((reason: Error) => {
        throw new DeviceLostError(`${error.message}, and no other device is available: it ${reason.message}`, { cause: reason });
      });
    }
  }
}
