/** Threads: results bitwise identical to one thread; failures and deaths that are reported; nothing left behind. */
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { kernelsOn, moduleOf, MOST_PAGES, type Build } from "../../src/engines/wasm/module.ts";
import { startPool } from "../../src/engines/wasm/pool.ts";
import { CONTROL, runChunks } from "../../src/engines/wasm/worker.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { deitConfig, type DeitConfig } from "../../src/model/config.ts";
import { deitLogits } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { linear } from "../../src/ops/linear.ts";
import { constantWeights, inference } from "../../src/ops/observe.ts";
import { batchNorm, frozenBatchNorm } from "../../src/teacher/batchNorm.ts";
import { groupedConv } from "../../src/teacher/conv.ts";
import { relu } from "../../src/teacher/relu.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { named } from "../../src/tensor/tree.ts";
import { deitAttrs } from "../../src/train/step/deitTask.ts";
import { initialOptimizerState } from "../../src/train/optimizer/optimizer.ts";
import { mixedBatch } from "../../src/train/step/mixedBatch.ts";
import { publishedAdamw, publishedSmoothing, publishedTask } from "../../src/train/step/publishedTask.ts";
import { trainStep } from "../../src/train/step/step.ts";
import { wasmEngine, type WasmOptions } from "../../src/wasm.ts";

/** 2 blocks of odd sizes: no count of rows, columns or heads is a multiple of a tile or of the number of threads. */
const config: DeitConfig = {
  ...deitConfig("deit-tiny-distilled"),
  imageSize: 40,
  patchSize: 8,
  width: 60,
  depth: 2,
  heads: 3,
  classes: 37,
};
const B = 5;

/** A convolution in groups and one of 1×1, batch norm in training and in inference, and ReLU, with their gradients. */
function unitsOfTheTeacher(k: Kernels, images: Tensor): object {
  const [weight, point] = [k.uniform(keyOf(5), [6, 1, 3, 3]), k.uniform(keyOf(6), [4, 6, 1, 1])];
  const grouped = groupedConv.forward(k, { x: images, params: { weight } }, { groups: 3, stride: 2, padding: 1 });
  const mixed = groupedConv.forward(k, { x: grouped.out, params: { weight: point } }, { groups: 1, stride: 1, padding: 0 });
  const params = { weight: k.uniform(keyOf(7), [4]), bias: k.uniform(keyOf(8), [4]) };
  const running = { running_mean: params.bias, running_var: params.weight, num_batches_tracked: k.zeros([]) };
  const normed = batchNorm.forward(k, { x: mixed.out, params }, { eps: 1e-3 });
  const frozen = frozenBatchNorm.forward(inference(k), { x: mixed.out, params }, { eps: 1e-3, running }).out.y;
  const y = relu.forward(k, { x: normed.out.y });
  const dNormed = batchNorm.vjp(k, normed.saved, { y: relu.vjp(k, y.saved, frozen).x, stats: null });
  const dMixed = groupedConv.vjp(k, mixed.saved, dNormed.x);
  return { y: y.out, stats: normed.out.stats, frozen, dNormed, dMixed, dGrouped: groupedConv.vjp(k, grouped.saved, dMixed.x) };
}

/** All weights, moments and the loss after some training steps, and logits in inference. */
async function resultsOf(options: WasmOptions): Promise<readonly (readonly [string, readonly number[]])[]> {
  const engine = await wasmEngine(options);
  const k = engine.kernels;
  const params = initialParams(k, config, keyOf(1));
  let state = {
    params,
    optimizer: initialOptimizerState(k, publishedAdamw, params),
    buffers: null,
    average: null,
    lossScale: null,
    step: 0,
  };
  const images = k.uniform(keyOf(2), [B, 3, config.imageSize, config.imageSize]);
  const given = { images, labels: k.upload([B], [3, 1, 4, 1, 5]) };
  const mixed = mixedBatch(k, given, [], { classes: config.classes, smoothing: publishedSmoothing });
  const batch = { ...mixed, teacher: k.uniform(keyOf(3), [B, config.classes]) };
  const task = publishedTask(config, "normal");
  for (let i = 0; i < 3; i++) {
    const { state: next } = trainStep(k, task, state, batch, fold(keyOf(4), i), {
      optimizer: publishedAdamw,
      lr: 1e-3,
      clipNorm: 1,
      emaDecay: 0,
    });
    state = { ...next, average: null, lossScale: null };
  }
  const { out } = deitLogits.forward(constantWeights(inference(k)), { images, params: state.params }, deitAttrs(k, config));
  const tensors = [...named({ state, out, units: unitsOfTheTeacher(k, images) })];
  const read = await Promise.all(tensors.map(async ([name, t]) => [name, [...(await engine.read(t))]] as const));
  engine.close();
  return read;
}

describe.each<Build>(["release", "debug"])("threads of the %s build", (build) => {
  it("give results bitwise identical to one thread, for 2, 3 and 5 threads and any size of chunks", async () => {
    const one = await resultsOf({});
    expect(one.length).toBeGreaterThan(100);
    expect(one.every(([, numbers]) => numbers.every(Number.isFinite))).toBe(true);
    expect(await resultsOf({ build, threads: 2 })).toEqual(one);
    expect(await resultsOf({ build, threads: 3, chunks: "smallest" })).toEqual(one);
    expect(await resultsOf({ build, threads: 5, chunks: "smallest" })).toEqual(one);
  });
});

const length = (most: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: most });

it("a constant weight, packed once, gives results bitwise identical to one packed at each use, at every size, before and after a change", async () => {
  const engines = [await wasmEngine(), await wasmEngine({ threads: 2, chunks: "smallest" })];
  const sizes = fc.record({ rows: length(30), I: length(90), O: length(70), seed: fc.nat() });
  await fc.assert(
    fc.asyncProperty(sizes, async ({ rows, I, O, seed }) => {
      const results: unknown[] = [];
      for (const engine of engines) {
        const layer = (k: Kernels, on: Kernels, i: number): Promise<unknown> =>
          k.region(
            "layer",
            () => {
              const params = { weight: k.uniform(fold(keyOf(seed), i), [O, I]), bias: k.uniform(keyOf(seed + 1), [O]) };
              const x = k.uniform(keyOf(seed + 2), [rows, I]);
              linear.forward(on, { x, params }); // packs the panels, if they are kept
              return engine.read(linear.forward(on, { x, params }).out);
            },
            () => null,
          );
        const k = engine.kernels;
        for (const i of [0, 1]) results.push(await layer(k, k, i), await layer(k, constantWeights(k), i));
      }
      const [first, , second] = results;
      expect(results).toEqual([first, first, second, second, first, first, second, second]);
    }),
    { seed: 11, numRuns: 60 },
  );
  for (const engine of engines) engine.close();
});

it("a thread that is late runs no chunk of the next job that another has run", () => {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL.fields * Int32Array.BYTES_PER_ELEMENT));
  const chunks = new Float64Array(new SharedArrayBuffer(4 * Float64Array.BYTES_PER_ELEMENT));
  chunks.set([0, 1, 2, 3]);
  const done: (number | undefined)[] = [];
  const thread = (): void => runChunks({ fields: CONTROL, control, jobs: chunks, slots: 1 }, (_, [chunk]) => done.push(chunk));
  const job = (count: number): void => {
    done.length = 0;
    control[CONTROL.arity] = 1;
    Atomics.store(control, CONTROL.left, count);
    thread();
  };
  job(2);
  const { sub } = Atomics;
  const late = (fields: Int32Array, field: number, value: number): number => {
    const left = sub(fields, field, value);
    Object.assign(Atomics, { sub });
    job(4); // the whole next job, between this step of the late thread and its next one
    return left;
  };
  Object.assign(Atomics, { sub: late });
  thread();
  expect(done).toEqual([3, 2, 1, 0]);
});

describe("what goes wrong", () => {
  it("a failed assertion of a kernel on another thread is thrown with its text", async () => {
    const module = await moduleOf("debug", true);
    const memory = new WebAssembly.Memory({ initial: 16, maximum: MOST_PAGES, shared: true });
    const wasm = kernelsOn(module, memory);
    const pool = await startPool({ wasm, module, memory, scratches: [wasm.firstFree()], timeoutMs: 10_000 });
    const { sub } = Atomics;
    Object.assign(Atomics, { sub: () => 0 }); // this thread finds no chunk
    expect(() => pool.parallelFor("useScratch", 2, 1, () => [4])).toThrow(
      /^wasm: useScratch: must be 64-byte aligned \(assembly\/scratch\.ts:\d+\)$/,
    );
    Object.assign(Atomics, { sub });
    pool.close();
  });

  it.each([0, -1, 1.5, NaN])("%s threads are refused", async (threads) => {
    await expect(wasmEngine({ threads })).rejects.toThrow(/^wasm: threads must be an integer of at least 1/);
  });

  it("more than one thread is refused where there is no shared memory, and one is not", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    await expect(wasmEngine({ threads: 2 })).rejects.toThrow(
      "2 threads need shared memory, which a page has only if it is cross-origin isolated",
    );
    await expect(wasmEngine()).resolves.toHaveProperty("name", "wasm");
    vi.unstubAllGlobals();
  });

  it("a closed engine says that it is closed", async () => {
    const engine = await wasmEngine({ threads: 2 });
    engine.close();
    expect(() => work(engine)).toThrow("wasm: this engine is closed");
  });
});

/** A matrix multiplication that is large enough for several chunks. */
const work = ({ kernels: k }: Engine): unknown =>
  k.region(
    "work",
    () => void k.matmul(k.zeros([300, 300]), k.zeros([300, 300])),
    () => null,
  );

/** Runs a program on the built package in a process of its own. */
function program(source: string): { readonly status: number | null; readonly out: string; readonly seconds: number } {
  const before = performance.now();
  const head = 'import { wasmEngine } from "./dist/wasm.js"; import { Worker } from "node:worker_threads";';
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", `${head}\n${source}`], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, out: stdout + stderr, seconds: (performance.now() - before) / 1000 };
}

const WORK = "const work = (k) => k.region('work', () => { k.matmul(k.zeros([900, 900]), k.zeros([900, 900])); });";

describe("a process", () => {
  it("ends although its threads were never closed", () => {
    const { status, out, seconds } = program(
      `${WORK} const engine = await wasmEngine({ threads: 3 }); work(engine.kernels); console.log("done");`,
    );
    expect([status, out]).toEqual([0, "done\n"]);
    expect(seconds).toBeLessThan(30);
  });

  it("is idle while its threads have nothing to do", () => {
    const idle = `${WORK} const engine = await wasmEngine({ threads: 3 }); work(engine.kernels);
      await new Promise((go) => setTimeout(go, 200)); const before = process.cpuUsage(); await new Promise((go) => setTimeout(go, 1000));
      const { user, system } = process.cpuUsage(before); console.log(user + system < 200_000);`;
    expect(program(idle).out).toBe("true\n");
  });

  it("keeps no thread of an engine if one of its threads could not be started", () => {
    const second = `import threads from "node:worker_threads"; let made = 0;
      threads.Worker = class extends Worker {
        constructor(text, options) { super(++made === 2 ? "throw new Error('no room')" : text, options); this.once("exit", () => console.log("ended")); }
      };
      await wasmEngine({ threads: 4 }).catch(({ message }) => console.log(message)); await new Promise((go) => setTimeout(go, 500));`;
    expect(program(second).out.split("\n").toSorted()).toEqual([
      "",
      "ended",
      "ended",
      "ended",
      "wasm: a thread could not be started: no room",
    ]);
  });

  /** Makes engines of 2 threads, with a handle of the second thread of each. */
  const kill = `${WORK} const threads = []; const { once } = Worker.prototype;
    Worker.prototype.once = function (...args) { if (!threads.includes(this)) threads.push(this); return once.apply(this, args); };
    const opened = async () => { const engine = await wasmEngine({ threads: 2, timeoutMs: 500 }); work(engine.kernels); return engine; };
    const fails = (engine) => { try { work(engine.kernels); return false; } catch (error) { console.log(error.message); return true; } };`;

  it("gets an error when a thread has died between two jobs", () => {
    expect(program(`${kill} const engine = await opened(); await threads[0].terminate(); fails(engine);`).out).toBe(
      "wasm: a thread has ended (exit code 1); this engine cannot go on\n",
    );
  });

  it("gets an error when a thread dies in the middle of a job, and at each job from then on", () => {
    // a thread that dies between two chunks of a job leaves nothing undone: then another engine is tried
    const midway = `${kill} const { load } = Atomics; let looks = 0;
      Atomics.load = (...args) => { if (++looks === 50) void threads.at(-1).terminate(); return load(...args); };
      const dies = (engine) => { for (let job = 0; job < 200; job++) { looks = 0; if (fails(engine)) return true; } return false; };
      for (let engines = 0; engines < 50; engines++) { looks = 50; const engine = await opened(); if (dies(engine)) { fails(engine); break; } }`;
    const message = "wasm: a thread has not answered for 500 ms; this engine cannot go on\n";
    expect(program(midway).out).toBe(message + message);
  });
});
