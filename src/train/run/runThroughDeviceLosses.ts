/** A run that outlives the devices that it runs on: from each loss it goes on with a new one at its last checkpoint, to the same bits. */
import type { Engine } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import { countFailures, MOST_IN_VAIN } from "./failures.ts";
import type { Recipe } from "./recipe.ts";
import { runRecipe, type Interrupted, type RunOptions, type RunResult } from "./run.ts";

export interface Survived {
  readonly result: RunResult | Interrupted;
  /** The last one; the caller closes it. */
  readonly engine: Engine;
}

/**
 * `runRecipe` on as many engines as it takes.
 *
 * @throws DeviceLostError where the run gets no further; all that `runRecipe` and `newEngine` throw
 */
export async function runThroughDeviceLosses(
  newEngine: () => Promise<Engine>,
  recipe: Recipe,
  options: RunOptions,
  onLoss: (loss: DeviceLostError) => void,
): Promise<Survived> {
  const failures = countFailures();
  const onProgress: RunOptions["onProgress"] = (progress) => {
    failures.reached(progress);
    options.onProgress?.(progress);
  };
  let engine = await newEngine();
  for (let { resume } = options; ; resume = true) {
    try {
      return { engine, result: await runRecipe(engine, recipe, { ...options, resume, onProgress }) };
    } catch (error) {
      engine.close();
      if (!(error instanceof DeviceLostError) || failures.failed() >= MOST_IN_VAIN) throw error;
      onLoss(error);
      engine = await newEngine().catch((reason: Error) => {
        throw new DeviceLostError(`${error.message}, and no other is to be had: it ${reason.message}`, { cause: reason });
      });
    }
  }
}
