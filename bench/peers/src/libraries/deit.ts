/** This project's WASM engine. */
import {
  buildParams,
  deitAttrs,
  deitPredict,
  initialOptimizerState,
  named,
  mixedBatch,
  publishedAdamw,
  publishedSmoothing,
  publishedTask,
  trainStep,
  undivided,
  wasmEngine,
  type Engine,
  type Kernels,
} from "../deit.ts";
import { batch, config, image, key, RATE, weights } from "../given.ts";
import { NotAvailable, type Library, type Loaded, type Results } from "../library.ts";
import { ownVersion } from "../version.ts";

async function engineOf(threads: number): Promise<Engine> {
  try {
    return await wasmEngine({ build: "release", ...(threads > 1 ? { threads } : {}) });
  } catch (cause) {
    throw new NotAvailable(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function paramsOn(k: Kernels): ReturnType<typeof buildParams> {
  const values = weights();
  return buildParams(config, (name, shape) => k.upload(shape, values.get(name)?.data ?? []));
}

async function forward(threads: number): Promise<Loaded> {
  const engine = await engineOf(threads);
  const { kernels: k } = engine;
  const params = paramsOn(k);
  const attrs = deitAttrs(k, config);
  const { shape, data } = image();
  const run = async (): Promise<ArrayLike<number>> => {
    const logits = k.region("forward", () => deitPredict(k, { images: k.upload(shape, data), params }, attrs));
    const values = await engine.read(logits);
    engine.release(logits);
    return values;
  };
  return { run, results: async () => new Map([["logits", await run()]]) };
}

async function train(threads: number): Promise<Loaded> {
  const engine = await engineOf(threads);
  const { kernels: k } = engine;
  const { images, labels, teacher } = batch();
  const unmixed = { images: k.upload(images.shape, images.data), labels: k.upload([labels.length], labels) };
  const target = { classes: config.classes, smoothing: publishedSmoothing };
  const given = { ...mixedBatch(k, unmixed, [], target), teacher: k.upload(teacher.shape, teacher.data) };
  const task = publishedTask(config, "normal");
  const params = paramsOn(k);
  let state = {
    params,
    optimizer: initialOptimizerState(k, publishedAdamw, params),
    buffers: null,
    average: null,
    lossScale: null,
    step: 0,
  };

  const run = async (): Promise<number> => {
    const settings = { optimizer: publishedAdamw, lr: RATE, clipNorm: null, emaDecay: 0 };
    const { state: next, loss } = trainStep(k, task, state, given, key, settings);
    state = { ...next, average: null, lossScale: null };
    const [value = NaN] = await engine.read(loss);
    engine.release(loss);
    return value;
  };
  const results = async (): Promise<Results> => {
    const { grads, loss } = k.region("gradients", () => task.lossAndGrads(k, state, given, undivided(key, given), k.upload([], [1])));
    const gradients = [...named(grads)].map(async ([name, grad]) => [name, await engine.read(grad)] as const);
    const found = new Map<string, ArrayLike<number>>(await Promise.all(gradients));
    engine.release({ grads, loss });
    return found.set("loss", [await run(), await run(), await run()]);
  };
  return { run, results };
}

export const library: Library = { version: ownVersion(), forward, train };
