/**
 * Training in f16 with overflows at random steps: the gradient of such a step is beyond f16, though not beyond f32. The step is skipped, the loss
 * scale is halved, and the metrics say so; on devices with any `pack2x16float`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { synthetic } from "../../src/data/sources/synthetic.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { deitLogits, type DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { fold, keyOf, uniformAt } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { named } from "../../src/tensor/tree.ts";
import { trainModel } from "../../src/train/run/loop.ts";
import type { Training } from "../../src/train/run/training.ts";
import { deitTask } from "../../src/train/step/deitTask.ts";
import type { Task } from "../../src/train/step/task.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { lane } from "../helpers/lane.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { indeterminatePacks, packBeyond, plantIn, webgpuWith, type WgslError } from "../helpers/webgpu.ts";
import { quietRun } from "../train/quietRun.ts";
import { tinyOf } from "../train/tiny.ts";

const STEPS_PER_EPOCH = 3;
/** Steps, and the share of them whose gradient overflows: fewer than the 64 that are counted. */
const [LONG, SHORT] = [
  { steps: 1002, share: 0.04 },
  { steps: 24, share: 0.3 },
];
type Length = typeof LONG;

/** The loss scale at the start and at the least, and the cotangent of the loss with which a gradient overflows: powers of 2. */
const [FIRST, LEAST, TOO_LARGE] = [16, -14, 40];

/** What is known of a step when it begins. */
interface Begun {
  readonly overflows: boolean;
  /** All weights, one after the other. */
  readonly weights: Promise<readonly number[]>;
  readonly scale: Promise<number>;
}

const weightsOf = async (engine: Engine, params: DeitParams): Promise<readonly number[]> => {
  const reads = [...named(params).values()].map((t: Tensor) => engine.read(t));
  return (await Promise.all(reads)).flatMap((numbers) => [...numbers]);
};

/** The task with overflows; tells of each step when it begins. */
function overflowing(
  engine: Engine,
  task: Task<DeitParams, null, null>,
  overflows: (step: number) => boolean,
  begun: Begun[],
): Task<DeitParams, null, null> {
  let skipped = 0;
  return {
    ...task,
    lossAndGrads: (k, model, batch, draws, dLoss) => {
      const step = {
        overflows: overflows(begun.length),
        weights: weightsOf(engine, model.params),
        scale: engine.read(dLoss).then(([scale = NaN]) => scale),
      };
      begun.push(step);
      const exponent = Math.max(FIRST - skipped, LEAST);
      if (step.overflows) skipped++;
      return task.lossAndGrads(k, model, batch, draws, step.overflows ? k.scale(dLoss, 2 ** (TOO_LARGE - exponent)) : dLoss);
    },
  };
}

/** @param begun gets what is known of each step; null: no step overflows */
function training(engine: Engine, { steps, share }: Length, seed: number, begun: Begun[] | null): Training<DeitParams, null, null> {
  const { model, data, training: settings } = tinyOf(steps / STEPS_PER_EPOCH);
  const config = { ...model, depth: 1, distilled: false };
  const { smoothing } = settings;
  const key = keyOf(seed);
  const task = deitTask({ config, model: deitLogits, dropPath: 0, dropout: 0, distillation: { kind: "none" } });
  return {
    task: begun === null ? task : overflowing(engine, task, (step) => uniformAt(fold(key, "overflows"), step) < share, begun),
    target: { classes: config.classes, smoothing },
    teacher: null,
    teacherShare: 0,
    initial: (k) => ({ params: initialParams(k, config, fold(key, "init")), buffers: null }),
    training: { ...settings, emaDecay: null, lossScale: "dynamic" },
    dataset: synthetic(13, { channels: 1, side: config.imageSize, classes: config.classes }),
    side: config.imageSize,
    data,
    mixing: null,
    group: 64,
    key,
    digest: "overflows",
    measurement: null,
  };
}

interface Outcome {
  /** Steps that break a law, and how. */
  readonly broken: readonly string[];
  readonly overflows: number;
}

/** Trains with overflows, and compares each step with the laws of the loss scale. */
async function outcomeOf(device: GPUDevice, length: Length, seed: number): Promise<Outcome> {
  const engine = webgpuEngine({ device, slab: 2 ** 24, precision: "f16" });
  const [begun, directory]: [Begun[], string] = [[], temporaryFolder()];
  const { state } = await trainModel(engine, training(engine, length, seed, begun), {
    ...quietRun(directory, { checkpointEvery: length.steps }),
    onProgress: null,
  });
  const last = await weightsOf(engine, state.params);
  const scaleAtEnd = (await engine.read(state.lossScale?.scale ?? engine.kernels.zeros([])))[0] ?? NaN;
  engine.close();

  const rows = readFileSync(join(directory, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  const metrics = new Map(rows.map((row) => JSON.parse(row)).map((row: Record<string, number>) => [row["step"] ?? NaN, row]));
  const [weights, scales] = [await Promise.all(begun.map((one) => one.weights)), await Promise.all(begun.map((one) => one.scale))];
  const broken: string[] = [];
  let skipped = 0;
  for (const [i, { overflows }] of begun.entries()) {
    if (overflows) skipped++;
    const [before, after] = [weights[i] ?? [], weights[i + 1] ?? last];
    const moved = after.some((x, j) => !Object.is(x, before[j]));
    const says = (what: string): number => broken.push(`step ${i + 1}, ${overflows ? "with" : "without"} an overflow: ${what}`);
    if (moved === overflows) says(moved ? "weights moved" : "no weight moved");
    if (!after.every(Number.isFinite)) says("a weight is not finite");
    const scale = 2 ** Math.max(FIRST - skipped, LEAST);
    if ((scales[i + 1] ?? scaleAtEnd) !== scale) says(`the next loss scale is ${scales[i + 1] ?? scaleAtEnd}, not ${scale}`);
    const row = metrics.get(i + 1);
    if (row === undefined) says("has no row in the metrics");
    else if (row["loss_scale"] !== undefined && (row["loss_scale"] !== scale || row["skipped"] !== skipped))
      says(`the metrics have ${row["loss_scale"]} and ${row["skipped"]}`);
  }
  return { broken, overflows: skipped };
}

const clamped: WgslError = { right: "magnitude >= vec2u(0x477ff000u)", wrong: "magnitude > vec2u(0x7fffffffu)" };

const packed = "vec2u(pack_half(x.xy), pack_half(x.zw))";

/** Whether a product in f16 is finite on a device that clamps, with the rounding of the factors as it is or replaced; 10⁶ is one of them. */
async function hasFiniteProduct(software: boolean, rounding: string): Promise<boolean> {
  const device = await gpuDevice({ limits: "default" });
  packBeyond(device, indeterminatePacks.clamps);
  const planted = plantIn(device, { right: packed, wrong: rounding });
  const engine = webgpuWith(device, { software, precision: "f16" });
  const k = engine.kernels;
  const [a, b] = [Array.from({ length: 64 }, (_, i) => (i === 9 ? 1e6 : 1)), Array.from({ length: 64 }, () => 1)];
  const product = await engine.read(k.matmul(k.upload([8, 8], a), k.upload([8, 8], b)));
  expect(planted()).toBe(true);
  engine.close();
  return product.every(Number.isFinite);
}

/** Timeout in ms. */
const UNHURRIED = 600_000;

onGpu("matrix multiplication in f16", () => {
  it.skipIf(lane === "slow").each([true, false])(
    "is not finite where a factor is beyond f16, with kernels for software: %o",
    async (software) => {
      const clamping = packed.replaceAll("pack_half", "pack2x16float");
      expect([await hasFiniteProduct(software, packed), await hasFiniteProduct(software, clamping)]).toEqual([false, true]);
    },
  );
});

onGpu("training in f16", () => {
  describe.skipIf(lane === "slow")("for a few steps", () => {
    it("skips the steps whose gradients overflow, and no others, where the device clamps", async () => {
      const device = await gpuDevice({ limits: "default" });
      packBeyond(device, indeterminatePacks.clamps);
      const { broken, overflows } = await outcomeOf(device, SHORT, 1);
      expect(broken).toEqual([]);
      expect(overflows).toBeGreaterThan(5);
    });

    it("moves weights by a clamped gradient if numbers beyond f16 are stored as the largest, which the laws notice", async () => {
      const device = await gpuDevice({ limits: "default" });
      const planted = plantIn(device, clamped);
      const { broken } = await outcomeOf(device, SHORT, 1);
      expect(planted()).toBe(true);
      expect(broken[0]).toMatch(/^step \d+, with an overflow: weights moved$/);
    });
  });

  it.skipIf(lane === "fast")("ends at a label that is no class, before it writes a checkpoint", { timeout: UNHURRIED }, async () => {
    const engine = webgpuEngine({ device: await gpuDevice({ limits: "default" }), slab: 2 ** 24, precision: "f16" });
    const of = training(engine, SHORT, 1, null);
    const dataset = synthetic(13, { channels: 1, side: of.side, classes: of.target.classes + 1 });
    const directory = temporaryFolder();
    const run = trainModel(engine, { ...of, dataset }, { ...quietRun(directory, { checkpointEvery: 1 }), onProgress: null });
    await expect(run).rejects.toThrow(/^oneHot: label 3 at [0-3] is not one of the classes$/);
    expect(existsSync(join(directory, "checkpoints")) ? readdirSync(join(directory, "checkpoints")) : []).toEqual([]);
    engine.close();
  });

  describe.skipIf(lane === "fast")(`for ${LONG.steps} steps`, { timeout: UNHURRIED }, () => {
    it.each([
      [2, "as SwiftShader packs", null],
      [3, "where the device packs ones in place of both", indeterminatePacks.ones],
    ] as const)("skips the steps whose gradients overflow, and no others, seed %i, %s", async (seed, _, pack) => {
      const device = await gpuDevice({ limits: "default" });
      if (pack !== null) packBeyond(device, pack);
      const { broken, overflows } = await outcomeOf(device, LONG, seed);
      expect(broken).toEqual([]);
      expect(overflows).toBeGreaterThan(20);
    });
  });
});
