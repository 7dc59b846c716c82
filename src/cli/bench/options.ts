/** The options of `deit bench`, and what the benches derive from them. */
import { clockOf } from "../../bench/clock.ts";
import type { TimingOptions } from "../../bench/timing.ts";
import type { DeitConfig } from "../../model/config.ts";
import { modelNamed } from "../inputs/models.ts";
import { nearest } from "../../recipe/nearest.ts";
import type { EngineOptions, JsonOption, MemoryOption } from "../options.ts";

export interface BenchOptions extends EngineOptions, JsonOption, MemoryOption {
  readonly model: string;
  readonly imageSize?: number;
  readonly batch?: number;
  readonly repetitions: number;
  readonly teacher?: string;
  readonly profile?: true;
  readonly ranges?: true;
  readonly whole?: true;
  readonly only?: string;
  readonly data: string;
  readonly recipe: string;
  readonly set?: readonly string[];
  readonly workers: number;
  readonly digest?: true;
  readonly ranks?: string;
  readonly node?: string;
}

/** Images of a training step, unless --batch says otherwise. */
export const TRAIN_BATCH = 8;

const SUGGESTIONS = 3;

export const timingOf = ({ threads, repetitions }: BenchOptions): TimingOptions => ({ repetitions, clock: clockOf(threads) });

/** Whether the measured peak (src/bench/peak.ts) applies: it is measured for WASM's multiplications and additions, fused or not. */
export const hasPeak = ({ engine }: BenchOptions): boolean => engine.startsWith("wasm");

/** The first keys of every JSON report. */
export const headOf = (what: string, { engine, threads }: BenchOptions): object => ({ what, engine, threads });

/** @throws RangeError if no name contains `only`; it lists the nearest names */
export function chosen<T>(all: readonly T[], nameOf: (one: T) => string, only: string | undefined): readonly T[] {
  if (only === undefined) return all;
  const found = all.filter((one) => nameOf(one).includes(only));
  const likely = (): string => nearest(only, all.map(nameOf), SUGGESTIONS).join(", ");
  if (found.length === 0) throw new RangeError(`--only ${only}: no name contains this; the nearest are ${likely()}`);
  return found;
}

/** @throws RangeError for a model that is not a DeiT */
export function configOf({ model, imageSize }: Pick<BenchOptions, "model" | "imageSize">): DeitConfig {
  const named = modelNamed(model, imageSize);
  if (named.kind !== "deit") throw new RangeError(`--model ${model}: bench times DeiT models only, such as deit-tiny-distilled`);
  return named.config;
}
