import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Checkpoint } from "../../src/io/checkpoint.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { DeviceLostError } from "../../src/tensor/errors.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { keepTraining, type KeptTraining, type ResumableTraining } from "../../src/train/run/keepTraining.ts";
import type { Optimizer } from "../../src/train/optimizer/optimizer.ts";
import { initialState, type Model } from "../../src/train/run/state.ts";
import { trainStep, type Task } from "../../src/train/step/step.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

interface Weight {
  readonly weight: Tensor;
}

/** ½|θ − z|² for a z that is drawn in each step. The buffer counts steps. */
const wander: Task<Weight, Tensor, null> = {
  lossAndGrads: (k, { params: { weight } }, _, key) => ({
    loss: k.zeros([]),
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

interface Told {
  /** By their number in the order of all attempts; the device is lost when one of these begins. */
  readonly losses: readonly number[];
  readonly optimizer?: Optimizer;
}

/** A training whose device is lost from time to time, and what is seen of it. */
function doomed({ losses, optimizer = adamw }: Told): {
  readonly keeping: KeptTraining<Weight, Tensor>;
  readonly seen: { readonly steps: number[]; readonly checkpoints: Checkpoint[]; opened: number; closed: number };
} {
  const seen = { steps: [] as number[], checkpoints: [] as Checkpoint[], opened: 0, closed: 0 };
  const training = { optimizer, emaDecay: 0.9, lossScale: "dynamic" } as const;
  const study = ({ kernels: k }: Engine): ResumableTraining<Weight, Tensor> => ({
    initial: () => {
      const model: Model<Weight, Tensor> = { params: { weight: k.uniform(keyOf(1), [2, 3]) }, buffers: k.zeros([]) };
      return initialState(k, training, model);
    },
    step: async (state) => {
      if (losses.includes(seen.steps.push(state.step + 1))) throw new DeviceLostError("the device is lost");
      const batch = { images: k.zeros([1]), labels: k.zeros([1]) };
      const settings = { optimizer, lr: 0.1, clipNorm: null, emaDecay: 0.9 };
      return trainStep(k, wander, state, batch, fold(keyOf(2), state.step), settings).state;
    },
  });
  const open = async (): Promise<Engine> => {
    seen.opened++;
    return { ...referenceEngine(), close: () => seen.closed++ };
  };
  return { keeping: { open, study, steps: STEPS, every: 3, from: null, onCheckpoint: (c) => seen.checkpoints.push(c) }, seen };
}

describe.each([adamw, sgd])("training that is kept up, with $kind", (optimizer) => {
  const undisturbed = async (): Promise<readonly Checkpoint[]> => {
    const { keeping, seen } = doomed({ losses: [], optimizer });
    await keepTraining(keeping);
    return seen.checkpoints;
  };

  it("comes to the same bits however often the device is lost, from the last checkpoint each time", async () => {
    const { keeping, seen } = doomed({ losses: [2, 6, 8, 9, 15], optimizer });
    await keepTraining(keeping);
    expect(seen.checkpoints).toEqual(await undisturbed());
    expect(seen.steps).toEqual([1, 2, 1, 2, 3, 4, 4, 5, 4, 4, 5, 6, 7, 8, 9, 7, 8, 9, 10]);
    expect(seen.checkpoints.map(({ step }) => step)).toEqual([3, 6, 9, STEPS]);
  });

  it("goes on to the same bits from a checkpoint that crossed from another worker", async () => {
    const whole = await undisturbed();
    const { keeping, seen } = doomed({ losses: [], optimizer });
    await keepTraining({ ...keeping, from: structuredClone(whole[1] ?? null) });
    expect(seen.steps).toEqual([7, 8, 9, 10]);
    expect(seen.checkpoints).toEqual(whole.slice(2));
  });

  it("does nothing where nothing is left to do", async () => {
    const { keeping, seen } = doomed({ losses: [], optimizer });
    await keepTraining({ ...keeping, from: (await undisturbed()).at(-1) ?? null });
    expect(seen.steps).toEqual([]);
  });
});

describe("training that is kept up", () => {
  it("closes every engine", async () => {
    const { keeping, seen } = doomed({ losses: [1, 4] });
    await keepTraining(keeping);
    expect([seen.opened, seen.closed]).toEqual([3, 3]);
  });

  it("gives up where engines are lost one after the other before there is a checkpoint", async () => {
    const { keeping, seen } = doomed({ losses: [5, 6, 7, 8] });
    await expect(keepTraining(keeping)).rejects.toThrow(new DeviceLostError("the device is lost"));
    expect([seen.opened, seen.closed]).toEqual([4, 4]);
    const apart = doomed({ losses: [5, 6, 7, 11, 12, 13] });
    await keepTraining(apart.keeping);
    expect(apart.seen.opened).toBe(7);
  });

  it("passes on every other error, with its engine closed", async () => {
    const { keeping, seen } = doomed({ losses: [] });
    const study = (engine: Engine): ResumableTraining<Weight, Tensor> => ({
      ...keeping.study(engine),
      step: () => Promise.reject(new RangeError("no such label")),
    });
    await expect(keepTraining({ ...keeping, study })).rejects.toThrow(new RangeError("no such label"));
    expect([seen.opened, seen.closed]).toEqual([1, 1]);
  });

  it("refuses a checkpoint of another model", async () => {
    const { keeping } = doomed({ losses: [] });
    const from: Checkpoint = { step: 3, tensors: new Map([["params.weight", { dtype: "F64", shape: [1], data: Float64Array.of(1) }]]) };
    await expect(keepTraining({ ...keeping, from })).rejects.toThrow("params.weight must be [2, 3], got [1]");
  });
});
