/**
 * Goes back from a loss that is not finite to what caused it. The state from which the step began is gone, so the steps from the newest checkpoint
 * on are repeated, which gives the same bits; then the step is traced. Where the weights before it were no longer finite, the step before it is to blame.
 */
import type { HostBatch } from "../../data/loader/batch.ts";
import { readTree, uploadTree } from "../../io/weights/trees.ts";
import type { Writable } from "../../io/weights/stored.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { Key } from "../../tensor/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { gradientsOf, undivided } from "../step/gradients.ts";
import { updated, type TrainState } from "../step/step.ts";
import type { Batch } from "../step/task.ts";
import type { Part } from "../trace/smallestPart.ts";
import { loaderOf, orderOf, requestsFrom, shareOf } from "./batches.ts";
import { startingState } from "./checkpoints.ts";
import type { RunSettings } from "./loop.ts";
import { LossError } from "./metrics.ts";
import { settingsOf, stepBatch } from "./stepBatch.ts";
import { explainedFailure, uploadPart, type HostMixed, type HostNumbers } from "./trace.ts";
import type { Training } from "./training.ts";

/** What is needed to repeat a step. */
interface Before {
  /** Steps done with it. */
  readonly step: number;
  readonly state: ReadonlyMap<string, Writable>;
  readonly batch: HostMixed;
  readonly key: Key;
  readonly loss: number;
  /** Multiply–adds of an image. */
  readonly macs: number;
}

const hostNumbers = async (engine: Engine, t: Tensor): Promise<HostNumbers> => ({ shape: t.shape, data: await engine.read(t) });

async function onHost(engine: Engine, { images, target, teacher }: Batch, samples: readonly number[]): Promise<HostMixed> {
  return {
    images: await hostNumbers(engine, images),
    target: await hostNumbers(engine, target),
    teacher: teacher === null ? null : await hostNumbers(engine, teacher),
    samples,
  };
}

/** Repeats the steps up to `last`. Returns the last two of them. */
async function repeated<P, B, S>(engine: Engine, of: Training<P, B, S>, run: RunSettings, last: number): Promise<readonly Before[]> {
  const k = engine.kernels;
  const order = orderOf(of);
  const share = shareOf(of, 0, 1);
  const loader = loaderOf(of, share, run);
  const steps: Before[] = [];
  try {
    let state: TrainState<P, B> = await startingState(engine, of, { ...run, resume: true });
    const requests = [...requestsFrom(order, share, state.step, last)];
    const batches: AsyncGenerator<HostBatch, void> = loader.batches(requests);
    for (const { epoch, views } of requests) {
      const made = await batches.next();
      if (made.done === true) break;
      const { batch, division } = await stepBatch(k, of, share, state.step, made.value);
      const samples = views.map(({ sample }) => sample);
      const isKept = state.step >= last - 2;
      const kept = isKept ? { state: await readTree(engine, state), batch: await onHost(engine, batch, samples) } : null;
      const { macs } = engine.counters();
      const { loss, truth, ...gradients } = k.region("gradients", () => gradientsOf(k, of.task, state, batch, division));
      const macsOfImage = (engine.counters().macs - macs) / samples.length;
      ({ state } = updated(k, of.task, state, gradients, settingsOf(of.training, epoch), false));
      if (kept !== null)
        steps.push({ ...kept, step: state.step, key: division.key, loss: (await engine.read(loss))[0] ?? NaN, macs: macsOfImage });
      engine.release([loss, truth, batch]);
    }
    engine.release(state);
    return steps;
  } finally {
    await loader.close();
  }
}

function allFinite({ data }: Writable): boolean {
  for (const x of data) if (!Number.isFinite(Number(x))) return false;
  return true;
}

/**
 * The error with what it was traced to.
 *
 * @param reference makes the reference engine
 */
export async function tracedLoss<P, B, S>(
  engine: Engine,
  of: Training<P, B, S>,
  run: RunSettings,
  { step }: LossError,
  reference: () => Engine,
): Promise<LossError> {
  const steps = await repeated(engine, of, run, step);
  const [earlier, failed] = steps.length > 1 ? steps : [undefined, steps[0]];
  if (failed === undefined) throw new RangeError(`train: step ${step} cannot be repeated`);
  const startsFinite = [...failed.state].every(([name, t]) => !name.startsWith("params.") || allFinite(t));
  const blamed = startsFinite || earlier === undefined ? failed : earlier;
  const model = (k: Kernels): { readonly params: P; readonly buffers: B } => of.initial(k);
  const lossOf = async (part: Part): Promise<number> => {
    const k = engine.kernels;
    const loss = k.region("trace", () => {
      const batch = uploadPart(k, blamed.batch, part);
      return of.task.lossAndGrads(k, uploadTree(k, model(k), blamed.state), batch, undivided(blamed.key, batch), k.upload([], [1])).loss;
    });
    const [value = NaN] = await engine.read(loss);
    engine.release(loss);
    return value;
  };
  const scale = blamed.state.get("lossScale.scale")?.data[0];
  const text = await explainedFailure(
    {
      directory: run.directory,
      step: blamed.step,
      epoch: Math.floor((blamed.step - 1) / orderOf(of).stepsPerEpoch),
      loss: blamed.loss,
      engine,
      state: blamed.state,
      initial: model,
      lossAndGrads: (k, from, batch, key, dLoss) => of.task.lossAndGrads(k, from, batch, undivided(key, batch), dLoss),
      batch: blamed.batch,
      key: blamed.key,
      lossScale: scale === undefined ? 1 : Number(scale),
      lossOf,
      macs: blamed.macs,
    },
    reference(),
  );
  return new LossError(blamed === earlier ? `${text}; its gradient is why the loss of step ${step} is not finite` : text, step);
}
