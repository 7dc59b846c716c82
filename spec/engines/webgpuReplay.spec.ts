/** Command replay, for calls of an op with arguments of the same shapes: the same numbers, memory and dispatches as without it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { evaluate, type Leaves } from "../../src/check/host.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import type { DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { observe } from "../../src/ops/observe.ts";
import { defineOp, type Op } from "../../src/ops/op.ts";
import { regnetPredict } from "../../src/teacher/regnet.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { deitTaskWithin, type Memory } from "../../src/train/step/deitTask.ts";
import { initialLossScale } from "../../src/train/optimizer/lossScale.ts";
import { initialOptimizerState } from "../../src/train/optimizer/optimizer.ts";
import { mixedBatch } from "../../src/train/step/mixedBatch.ts";
import { trainStep, type TrainState } from "../../src/train/step/step.ts";
import { webgpuEngine, type WebgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { regnetCall, regnetFixture } from "../helpers/regnet.ts";
import { tiny } from "../train/tiny.ts";

interface Inputs {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** How often its definition has run. */
let runs = 0;

/** x ↦ c (x + y)², with x saved. */
const squares: Op<Inputs, Inputs & { readonly c: number }, { readonly c: number }> = defineOp({
  name: "squares",
  capturable: true,
  forward: (k, { x, y }: Inputs, { c }: { readonly c: number }) => {
    runs++;
    return { out: k.scale(k.square(k.add(x, y)), c), saved: { x, y, c } };
  },
  vjp: (k, { x, y, c }, dOut: Tensor) => {
    runs++;
    const d = k.scale(k.mul(dOut, k.add(x, y)), 2 * c);
    return { x: d, y: d };
  },
});

/** Adds a number that is no argument. No op may do so; here it reveals whether the op was replayed. */
let ofHost = 0;
const uploading: Op<Tensor, null> = defineOp({
  name: "uploading",
  capturable: true,
  forward: (k, x: Tensor) => ({ out: k.add(x, k.upload([], [ofHost])), saved: null }),
  vjp: (_, _saved, dOut) => dOut,
});

onGpu("command replay", () => {
  let engine: WebgpuEngine;
  let k: Kernels;
  beforeAll(async () => {
    engine = webgpuEngine({ device: await gpuDevice({ limits: "default" }), poison: true, epilogues: false });
    k = engine.kernels;
  });
  afterAll(() => engine.close());

  const numbers = async (t: Tensor): Promise<readonly number[]> => [...(await engine.read(t))];
  const given = (n: number): Inputs => ({ x: k.upload([2], [n, n + 1]), y: k.upload([2], [10, 20]) });
  const expected = (n: number, c: number): readonly number[] => [c * (n + 10) ** 2, c * (n + 21) ** 2];

  it("computes with the numbers of the call's arguments, forward and VJP", async () => {
    for (const n of [1, 2, 3, 4]) {
      const inputs = given(n);
      const { out, saved } = squares.forward(k, inputs, { c: 3 });
      const d = squares.vjp(k, saved, k.upload([2], [1, -1]));
      expect(await numbers(out)).toEqual(expected(n, 3));
      expect(await numbers(d.x)).toEqual([6 * (n + 10), -6 * (n + 21)]);
      expect(d.x.block).toBe(d.y.block);
      expect(saved.x.block).toBe(inputs.x.block);
    }
  });

  it("begins with the third call, and no longer runs the op", () => {
    runs = 0;
    for (let i = 0; i < 5; i++) squares.forward(k, given(i), { c: 5 });
    expect(runs).toBe(2);
  });

  it.each([
    ["another number", () => squares.forward(k, given(1), { c: 8 })],
    ["another shape", () => squares.forward(k, { x: k.zeros([3]), y: k.zeros([3]) }, { c: 7 })],
    ["one tensor twice", () => ((x) => squares.forward(k, { x, y: x }, { c: 7 }))(k.zeros([2]))],
    ["an observer", () => squares.forward(observe(k, {}), given(1), { c: 7 })],
    ["nothing saved", () => squares.forward(k.within({ saves: false }), given(1), { c: 7 })],
  ])("does not replay for %s", (_, call) => {
    for (let i = 0; i < 3; i++) squares.forward(k, given(i), { c: 7 });
    runs = 0;
    call();
    expect(runs).toBe(1);
  });

  it("runs the op where it uploads numbers of the host", async () => {
    for (const n of [1, 2, 3, 4]) {
      ofHost = n;
      const { out } = uploading.forward(k, k.upload([1], [n]));
      expect(await numbers(out)).toEqual([2 * n]);
    }
  });

  it("takes, frees, dispatches and counts as the op does", async () => {
    const cost = async (kernels: Kernels): Promise<object> => {
      const inputs = given(1);
      await engine.finish();
      const [counters, memory, sent] = [engine.counters(), engine.memory(), engine.sent()];
      squares.forward(kernels, inputs, { c: 11 });
      await engine.finish();
      const done = engine.counters();
      const [counted, live] = [done.kernels - counters.kernels, engine.memory().live - memory.live];
      return { counted, live, dispatches: engine.sent().dispatches - sent.dispatches };
    };
    for (let i = 0; i < 3; i++) await cost(k);
    expect(await cost(k)).toEqual(await cost(observe(k, {})));
  });

  it("takes no new memory", () => {
    const step = (): void => {
      const inputs = given(1);
      const { out, saved } = squares.forward(k, inputs, { c: 13 });
      const d = squares.vjp(k, saved, out);
      engine.release([inputs, out, d.x]);
    };
    step();
    step();
    const { fresh, live } = engine.memory();
    for (let i = 0; i < 4; i++) step();
    expect(engine.memory()).toMatchObject({ fresh, live });
  });

  it("refuses a dead argument as the op does", () => {
    for (let i = 0; i < 3; i++) squares.forward(k, given(i), { c: 17 });
    const dead = given(1);
    engine.release(dead);
    expect(() => squares.forward(k, dead, { c: 17 })).toThrow(/squares: .*stale/);
  });
});

const config: DeitConfig = { ...tiny.model, imageSize: 16, patchSize: 4, width: 24, classes: 10, distilled: false };
const STEPS = 4;
/** Timeout in ms. */
const UNHURRIED = 120_000;

onGpu("training with command replay", () => {
  async function trained(precision: "f32" | "f16", memory: Memory, watched: boolean, epilogues = true): Promise<Leaves> {
    const engine = webgpuEngine({ device: await gpuDevice(), precision, epilogues, poison: !epilogues });
    const k = watched ? observe(engine.kernels, {}) : engine.kernels;
    const { optimizer, smoothing } = tiny.training;
    const task = deitTaskWithin(memory, { config, dropPath: 0.1, dropout: 0, distillation: { kind: "none" } });
    const params = initialParams(k, config, keyOf(1));
    const moments = initialOptimizerState(k, optimizer, params);
    let state: TrainState<DeitParams, null> = {
      params,
      optimizer: moments,
      buffers: null,
      average: null,
      lossScale: initialLossScale(k),
      step: 0,
    };
    for (let i = 0; i < STEPS; i++) {
      const images = k.uniform(fold(keyOf(2), i), [4, config.channels, config.imageSize, config.imageSize]);
      const batch = k.region("batch", () => {
        const given = { images, labels: k.upload([4], [i, 1, 2, 3]) };
        return { ...mixedBatch(k, given, [], { classes: config.classes, smoothing }), teacher: null };
      });
      const next = trainStep(k, task, state, batch, fold(keyOf(3), i), { optimizer, lr: 1e-3, clipNorm: null, emaDecay: 0 });
      state = next.state;
      engine.release([next.loss, batch]);
    }
    const weights = await evaluate(engine, () => state.params);
    engine.close();
    return weights;
  }

  it.each([
    ["f32", "normal"],
    ["f16", "low"],
  ] as const)(
    "is bitwise identical to training without it, and without epilogues, in %s with %s memory",
    async (precision, memory) => {
      const weights = await trained(precision, memory, false);
      expect(await trained(precision, memory, true)).toEqual(weights);
      expect(await trained(precision, memory, true, false)).toEqual(weights);
    },
    UNHURRIED,
  );
});

onGpu("a teacher with command replay", () => {
  it.each(["f32", "f16"] as const)(
    "gives the logits of one without it, in %s",
    async (precision) => {
      const engine = webgpuEngine({ device: await gpuDevice(), precision });
      const k = engine.kernels;
      const { inputs, attrs } = regnetCall(k, regnetFixture("two_stage"));
      const answer = async (on: Kernels, images: Tensor): Promise<ArrayLike<number>> => {
        const logits = regnetPredict(on, { ...inputs, images }, attrs);
        return await engine.read(logits);
      };
      for (let i = 0; i < 4; i++) {
        const images = k.uniform(fold(keyOf(4), i), inputs.images.shape);
        expect(await answer(k, images)).toEqual(await answer(observe(k, {}), images));
      }
      engine.close();
    },
    UNHURRIED,
  );
});
