/** A device that runs out of memory: the engine says so before anything is computed, and which batch would fit. On Dawn's null backend, which has 512 MiB. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { trainProgram } from "../../src/bench/train.ts";
import { holdProgram } from "../../src/bench/program.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { deitConfig } from "../../src/model/config.ts";
import { MemoryError } from "../../src/tensor/errors.ts";
import { size } from "../../src/tensor/tensor.ts";
import { runRecipe, type RunOptions } from "../../src/train/run/run.ts";
import type { Recipe } from "../../src/train/run/recipe.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { nullDevice, onGpu } from "../helpers/gpu.ts";
import { starve } from "../helpers/starved.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { quietRun } from "../train/quietRun.ts";
import { tinyOf } from "../train/tiny.ts";

const errorOf = async (act: () => Promise<unknown>): Promise<unknown> => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return null;
};

onGpu("a step that takes more memory than the device has", () => {
  it("is refused, naming the batch that fits, which then runs", async () => {
    const engine = webgpuEngine({ device: await nullDevice() });
    const program = trainProgram(deitConfig("deit-tiny"), "normal");
    const error = await errorOf(() => holdProgram(engine, { work: program.work, lean: null }, 64));
    expect(error).toBeInstanceOf(MemoryError);
    const { batch = "" } =
      /^webgpu: a batch of 64 needs [\d.]+ MB of at most [\d.]+ MB; a batch of (?<batch>\d+) would fit$/.exec(
        String(error instanceof Error && error.message),
      )?.groups ?? {};
    expect(Number(batch)).toBeGreaterThan(1);
    await holdProgram(engine, { work: program.work, lean: null }, Number(batch));
    program.work(engine.kernels, Number(batch)).run();
    await expect(engine.finish()).resolves.toBeUndefined();
    engine.close();
  });
});

/** The null backend computes nothing, so that its numbers mean nothing; the reads take place. */
const readingZeros = (engine: Engine): Engine => ({
  ...engine,
  read: async (t) => {
    await engine.read(t).catch((error: Error) => {
      if (!error.message.startsWith("oneHot")) throw error;
    });
    return new Float32Array(size(t.shape));
  },
});

const one = tinyOf(1);
const plain: Recipe = { ...one, model: { ...one.model, depth: 1 }, teachers: [], distillation: { kind: "none" } };
/** Its training takes more than the device has, unless blocks are recomputed for their gradients. */
const large: Recipe = {
  ...plain,
  data: { ...plain.data, train: "synthetic:64" },
  model: { ...plain.model, imageSize: 32, patchSize: 2, width: 128, depth: 4, distilled: false },
  training: { ...plain.training, batch: 64, dropout: 0 },
};

onGpu("a run on a device without memory", () => {
  const outcome = async (
    device: GPUDevice,
    recipe: Recipe,
    memory: RunOptions["memory"],
  ): Promise<{ readonly error: unknown; readonly wrote: boolean }> => {
    const engine = webgpuEngine({ device });
    const directory = join(temporaryFolder(), "run");
    const error = await errorOf(() => runRecipe(readingZeros(engine), recipe, quietRun(directory, { memory })));
    engine.close();
    return { error, wrote: existsSync(directory) };
  };

  it("from its n-th buffer on is refused before anything is written, for every n", async () => {
    const found: { readonly error: unknown; readonly wrote: boolean }[] = [];
    for (let isStarved = true; isStarved;) {
      const device = await nullDevice();
      const n = found.length;
      const { buffers } = starve(device, n, Infinity);
      found.push(await outcome(device, plain, "normal"));
      isStarved = buffers() > n;
    }
    const whole = found.pop();
    expect(whole).toEqual({ error: null, wrote: true });
    expect(found.length).toBeGreaterThan(5);
    expect(found).toEqual(found.map(() => ({ error: expect.any(MemoryError), wrote: false })));
  });

  it("for a slab takes a shorter one, if that is enough", async () => {
    const device = await nullDevice();
    const slabs = (label: string | undefined): boolean => label === "slab 0";
    starve(device, 0, 0, slabs);
    expect(await outcome(device, plain, "normal")).toEqual({ error: null, wrote: true });
  });

  it("for what it keeps recomputes blocks with --memory fit", async () => {
    const refused = await outcome(await nullDevice(), large, "normal");
    expect(refused).toEqual({ error: expect.any(MemoryError), wrote: false });
    expect(String(refused.error)).toMatch(/a batch of 64 would fit with --memory low$/);
    expect(await outcome(await nullDevice(), large, "fit")).toEqual({ error: null, wrote: true });
  });
});

onGpu("an engine whose memory was not reserved", () => {
  it("reports that the device has no more at the next read", async () => {
    const engine = webgpuEngine({ device: await nullDevice() });
    const k = engine.kernels;
    for (let i = 0; i < 20; i++) k.zeros([2 ** 23]);
    await expect(engine.read(k.zeros([1]))).rejects.toThrow(MemoryError);
    engine.close();
  });

  it("keeps few of the buffers that many reads at once have taken", async () => {
    const device = await nullDevice();
    const staging = new Set<GPUBuffer>();
    const make = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = make(descriptor);
      if (descriptor.label !== "staging") return buffer;
      staging.add(buffer);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        staging.delete(buffer);
        return destroy();
      };
      return buffer;
    };
    const engine = webgpuEngine({ device });
    const [few, many] = [engine.kernels.zeros([10]), engine.kernels.zeros([2 ** 20])];
    const reads: Promise<unknown>[] = [];
    for (let i = 0; i < 30; i++) {
      reads.push(engine.read(few), engine.read(many));
      await Promise.resolve(); // they are submitted
    }
    expect(staging.size).toBeGreaterThan(30);
    await Promise.allSettled(reads);
    expect(staging.size).toBeLessThan(10);
    engine.close();
    expect(staging.size).toBe(0);
  });
});
