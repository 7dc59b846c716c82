/**
 * `deit bench rates`: the rates of the projection (rates.ts), measured on a device with the sizes of a training step. Encoding and submitting
 * are measured by `deit bench train`.
 */
import type { DeitConfig } from "../../model/config.ts";
import { tokenCount } from "../../model/config.ts";
import { size, type Shape } from "../../tensor/tensor.ts";
import type { AsynchronousEngine } from "../asynchronous.ts";
import { clockOf, wallTime } from "../clock.ts";
import { timedByDevice } from "../deviceTiming.ts";
import { asynchronousGemm, type GemmRow } from "../gemm.ts";
import { flopOf, type GemmForm, type GemmShape } from "../gemmShapes.ts";
import { drawn } from "../opBench.ts";
import { median } from "../statistics.ts";
import type { Work } from "../timing.ts";
import type { Term } from "./terms.ts";

/** Dispatches of the chain, each of which reads what the one before has written. */
const CHAIN = 256;
const F32_BYTES = 4;
const MILLI = 1e-3;

/** The forward and both gradients of the linear layers of a block. */
export function layerShapes(config: DeitConfig, B: number): readonly GemmShape[] {
  const [rows, D] = [B * tokenCount(config), config.width];
  const layers = [
    [D, 3 * D],
    [D, D],
    [D, 4 * D],
    [4 * D, D],
  ] as const;
  const of = (form: GemmForm, m: number, k: number, n: number): GemmShape => ({ form, m, k, n });
  return layers.flatMap(([inputs, outputs]) => [
    of("NT", rows, inputs, outputs),
    of("NN", rows, outputs, inputs),
    of("TN", outputs, rows, inputs),
  ]);
}

export interface MeasuredRates {
  /** FLOP/s, bytes/s and seconds by term of the projection. */
  readonly rates: Partial<Readonly<Record<Term, number>>>;
  readonly gemm: readonly GemmRow[];
}

/** FLOP of Φ for a number, and the most numbers of which inputs and results fit the caches of large devices. */
const [CDF_FLOP, CACHED] = [58, 2 ** 22];

interface DispatchRates {
  readonly memory: number;
  readonly arithmetic: number;
  readonly latency: number;
}

/** Bytes per second of copying a tensor, FLOP per second of Φ in the cache, and the seconds from a tiny dispatch to the next, which depends on it. */
async function dispatchRates(engine: AsynchronousEngine, shape: Shape, repetitions: number): Promise<DispatchRates> {
  const { kernels: k } = engine;
  const cachedSize = Math.min(CACHED, size(shape));
  const works = (): readonly Work[] => {
    const cached = drawn(k, "cached", cachedSize);
    const [large, small] = [drawn(k, "copied", ...shape), drawn(k, "small", 64, 1)];
    const copy = (): void => k.region("copy", () => void k.scale(large, 1));
    const chain = (): void =>
      k.region("chain", () => {
        let x = small;
        for (let i = 0; i < CHAIN; i++) x = k.maxLast(x); // of a row of one number, which no other kernel absorbs
      });
    const cdf = (): void => k.region("cdf", () => void k.normalCdf(cached));
    return [{ run: copy }, { run: chain }, { run: cdf }];
  };
  const [copy, chain, cdf] = await timedByDevice(engine, works, repetitions);
  const bytes = 2 * F32_BYTES * size(shape);
  const arithmetic = (CDF_FLOP * cachedSize) / ((cdf?.median ?? NaN) * MILLI);
  return { arithmetic, memory: bytes / ((copy?.median ?? NaN) * MILLI), latency: ((chain?.median ?? NaN) * MILLI) / CHAIN };
}

/** Bytes per second of an upload: of the host's processor time until the call returns, and then until the device is done. */
async function uploadRates(
  engine: AsynchronousEngine,
  shape: Shape,
  repetitions: number,
): Promise<{ readonly copy: number; readonly upload: number }> {
  const { kernels: k, finish } = engine;
  const values = new Float32Array(size(shape)).fill(1 / 2);
  const processorTime = clockOf(1);
  const [host, device]: [number[], number[]] = [[], []];
  for (let i = 0; i <= repetitions; i++) {
    await finish();
    const start = processorTime();
    k.region("upload", () => void k.upload(shape, values));
    const [took, returned] = [processorTime() - start, wallTime()];
    await finish();
    if (i === 0) continue; // takes memory
    host.push(took);
    device.push(wallTime() - returned);
  }
  const rate = (times: readonly number[]): number => values.byteLength / (median(times) * MILLI);
  return { copy: rate(host), upload: rate(device) };
}

/** @throws RangeError for a device without a clock */
export async function measuredRates(
  engine: AsynchronousEngine,
  config: DeitConfig,
  B: number,
  repetitions: number,
  onRow: (row: GemmRow) => void,
): Promise<MeasuredRates> {
  const { channels: C, imageSize: S, width: D } = config;
  const shapes = layerShapes(config, B);
  const gemm = await asynchronousGemm(engine, shapes, repetitions, onRow);
  const flop = shapes.reduce((sum, shape) => sum + flopOf(shape), 0);
  const seconds = MILLI * gemm.reduce((sum, { ms }) => sum + ms.median, 0);
  const dispatched = await dispatchRates(engine, [B * tokenCount(config), 4 * D], repetitions);
  const uploaded = await uploadRates(engine, [B, C, S, S], repetitions);
  return { rates: { [engine.precision === "f16" ? "units" : "f32"]: flop / seconds, ...dispatched, ...uploaded }, gemm };
}
