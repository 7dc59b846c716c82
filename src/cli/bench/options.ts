/** What the benches are asked with, and what they share of it. */
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
  readonly only?: string;
}

/** Images of a training step, where nothing else is asked for. */
export const TRAIN_BATCH = 8;

const SUGGESTIONS = 3;

export const timingOf = ({ threads, repetitions }: BenchOptions): TimingOptions => ({ repetitions, clock: clockOf(threads) });

/** The register peak is that of WASM's multiplications and additions, fused or not. */
export const hasPeak = ({ engine }: BenchOptions): boolean => engine.startsWith("wasm");

/** What every report begins with. */
export const headOf = (what: string, { engine, threads }: BenchOptions): object => ({ what, engine, threads });

/** @throws RangeError where nothing is left, with the nearest names */
export function chosen<T>(all: readonly T[], nameOf: (one: T) => string, only: string | undefined): readonly T[] {
  if (only === undefined) return all;
  const found = all.filter((one) => nameOf(one).includes(only));
  const likely = (): string => nearest(only, all.map(nameOf), SUGGESTIONS).join(", ");
  if (found.length === 0) throw new RangeError(`--only ${only}: nothing of that name; nearest are ${likely()}`);
  return found;
}

/** @throws RangeError for a model that is no DeiT */
export function configOf({ model, imageSize }: Pick<BenchOptions, "model" | "imageSize">): DeitConfig {
  const named = modelNamed(model, imageSize);
  if (named.kind !== "deit") throw new RangeError(`--model ${model}: only DeiT is timed; deit-tiny-distilled would do`);
  return named.config;
}
