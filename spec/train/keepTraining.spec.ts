import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Checkpoint } from "../../src/io/checkpoint/read.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { DeviceLostError } from "../../src/tensor/errors.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { keepTraining, type KeptTraining, type ResumableTraining } from "../../src/train/run/keepTraining.ts";
import type { Optimizer } from "../../src/train/optimizer/optimizer.ts";
import { initialState, type Model } from "../../src/train/run/state.ts";
import { trainStep } from "../../src/train/step/step.ts";
import type { Task } from "../../src/train/step/task.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

interface Weight {
  readonly weight: Tensor;
}

/** The loss ½|θ − z|² for a z that is drawn in each step. The buffer counts the steps. */
const wander: Task<Weight, Tensor, null> = {
  lossAndGrads: (k, { params: { weight } }, _, { key }) => ({
    loss: k.zeros([]),
    truth: null,
    grads: { weight: k.sub(weight, k.uniform(key, weight.shape)) },
    statistics: null,
  }),
  moveOn: (k, buffers) => {
    const next = k.addScalar(buffers, 1);
    k.donate(buffers);
    return next;
  },
};

const adamw: Optimizer = { kind: "adamw", noDecay: "deit", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 };
const sgd: Optimizer = { kind: "sgd", noDecay: "timm", momentum: 0.9, nesterov: true, weightDecay: 0.05 };

const STEPS = 10;

interface Failures {
  /** The device is lost at the beginning of these steps, counted over all attempts. */
  readonly deviceLosses: readonly number[];
  readonly optimizer?: Optimizer;
}

/** A training whose device is lost from time to time, and what was observed. */
function withDeviceLosses({ deviceLosses, optimizer = adamw }: Failures): {
  readonly keeping: KeptTraining<Weight, Tensor>;
  readonly seen: { readonly steps: number[]; readonly checkpoints: Checkpoint[]; engines: number; closed: number };
} {
  const seen = { steps: [] as number[], checkpoints: [] as Checkpoint[], engines: 0, closed: 0 };
  const training = { optimizer, emaDecay: 0.9, lossScale: "dynamic" } as const;
  const study = ({ kernels: k }: Engine): ResumableTraining<Weight, Tensor> => ({
    initial: () => {
      const model: Model<Weight, Tensor> = { params: { weight: k.uniform(keyOf(1), [2, 3]) }, buffers: k.zeros([]) };
      return initialState(k, training, model);
    },
    step: async (state) => {
      if (deviceLosses.includes(seen.steps.push(state.step + 1))) throw new DeviceLostError("the device is lost");
      const batch = { images: k.zeros([1]), target: k.zeros([1]), teacher: null };
      const settings = { optimizer, lr: 0.1, clipNorm: null, emaDecay: 0.9 };
      return trainStep(k, wander, state, batch, fold(keyOf(2), state.step), settings).state;
    },
  });
  const open = async (): Promise<Engine> => {
    seen.engines++;
    return { ...referenceEngine(), close: () => seen.closed++ };
  };
  return { keeping: { open, study, steps: STEPS, every: 3, from: null, onCheckpoint: (c) => seen.checkpoints.push(c) }, seen };
}

describe.each([adamw, sgd])("keepTraining with $kind", (optimizer) => {
  const uninterrupted = async (): Promise<readonly Checkpoint[]> => {
    const { keeping, seen } = withDeviceLosses({ deviceLosses: [], optimizer });
    await keepTraining(keeping);
    return seen.checkpoints;
  };

  it("continues from the last checkpoint after each device loss, with bitwise identical results", async () => {
    const { keeping, seen } = withDeviceLosses({ deviceLosses: [2, 6, 8, 9, 15], optimizer });
    await keepTraining(keeping);
    expect(seen.checkpoints).toEqual(await uninterrupted());
    expect(seen.steps).toEqual([1, 2, 1, 2, 3, 4, 4, 5, 4, 4, 5, 6, 7, 8, 9, 7, 8, 9, 10]);
    expect(seen.checkpoints.map(({ step }) => step)).toEqual([3, 6, 9, STEPS]);
  });

  it("continues from a checkpoint of another worker, with bitwise identical results", async () => {
    const whole = await uninterrupted();
    const { keeping, seen } = withDeviceLosses({ deviceLosses: [], optimizer });
    await keepTraining({ ...keeping, from: structuredClone(whole[1] ?? null) });
    expect(seen.steps).toEqual([7, 8, 9, 10]);
    expect(seen.checkpoints).toEqual(whole.slice(2));
  });

  it("does nothing if no step is left", async () => {
    const { keeping, seen } = withDeviceLosses({ deviceLosses: [], optimizer });
    await keepTraining({ ...keeping, from: (await uninterrupted()).at(-1) ?? null });
    expect(seen.steps).toEqual([]);
  });
});

describe("keepTraining", () => {
  it("closes every engine", async () => {
    const { keeping, seen } = withDeviceLosses({ deviceLosses: [1, 4] });
    await keepTraining(keeping);
    expect([seen.engines, seen.closed]).toEqual([3, 3]);
  });

  it("gives up if engines are lost one after the other without a checkpoint in between", async () => {
    const { keeping, seen } = withDeviceLosses({ deviceLosses: [5, 6, 7, 8] });
    await expect(keepTraining(keeping)).rejects.toThrow(new DeviceLostError("the device is lost"));
    expect([seen.engines, seen.closed]).toEqual([4, 4]);
    const apart = withDeviceLosses({ deviceLosses: [5, 6, 7, 11, 12, 13] });
    await keepTraining(apart.keeping);
    expect(apart.seen.engines).toBe(7);
  });

  it("rethrows every other error and closes its engine", async () => {
    const { keeping, seen } = withDeviceLosses({ deviceLosses: [] });
    const study = (engine: Engine): ResumableTraining<Weight, Tensor> => ({
      ...keeping.study(engine),
      step: () => Promise.reject(new RangeError("no such label")),
    });
    await expect(keepTraining({ ...keeping, study })).rejects.toThrow(new RangeError("no such label"));
    expect([seen.engines, seen.closed]).toEqual([1, 1]);
  });

  it("refuses a checkpoint of another model", async () => {
    const { keeping } = withDeviceLosses({ deviceLosses: [] });
    const from: Checkpoint = { step: 3, tensors: new Map([["params.weight", { dtype: "F64", shape: [1], data: Float64Array.of(1) }]]) };
    await expect(keepTraining({ ...keeping, from })).rejects.toThrow("params.weight must be [2, 3], got [1]");
  });
});
