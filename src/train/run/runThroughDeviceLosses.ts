/** A run that survives device losses: after each one it continues from its last checkpoint on a new device, to bitwise identical weights. */
import type { Engine } from "../../kernels/engine.ts";
import { DeviceLostError } from "../../tensor/errors.ts";
import { countFailures, MAX_WITHOUT_PROGRESS } from "./failures.ts";
import type { Recipe } from "./recipe.ts";
import { runRecipe, type Interrupted, type RunOptions, type RunResult } from "./run.ts";

/** A run that has ended, and the engine that it ended on. */
export interface FinishedRun {
  readonly result: RunResult | Interrupted;
  /** The engine of the last attempt; the caller closes it. */
  readonly engine: Engine;
}

/**
 * Calls `runRecipe`, again with a new engine after each device loss, unless other ranks wait for this one.
 *
 * @throws DeviceLostError if the run makes no progress; whatever `runRecipe` and `newEngine` throw
 */
export async function runThroughDeviceLosses(
  newEngine: () => Promise<Engine>,
  recipe: Recipe,
  options: RunOptions,
  onLoss: (loss: DeviceLostError) => void,
): Promise<FinishedRun> {
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
      if (!(error instanceof DeviceLostError) || options.ranks !== null || failures.failed() >= MAX_WITHOUT_PROGRESS) throw error;
      onLoss(error);
      engine = await newEngine().catch((reason: Error) => {
        throw new DeviceLostError(`${error.message}, and no other device is available: it ${reason.message}`, { cause: reason });
      });
    }
  }
}
