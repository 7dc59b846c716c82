/** How what a variant gives compares with what is recorded. */
import type { HostArray } from "../check/host.ts";
import type { Engine } from "../kernels/engine.ts";
import { judge } from "./judge.ts";
import type { Recording } from "./read.ts";
import { originOfResult } from "./readings.ts";
import type { Variant } from "./variants/variant.ts";

/** A variant, and how far its values are from the recorded ones. */
export interface Tried {
  readonly variant: Variant;
  readonly error: number;
  readonly ok: boolean;
}

/** @param values the variant's value of each result that it must give */
export function tried(engine: Engine, recording: Recording, variant: Variant, values: ReadonlyMap<string, HostArray>): Tried {
  const judgements = [...values].map(([name, value]) => judge(recording, name, value, engine.precision, originOfResult(name, recording)));
  return {
    variant,
    error: Math.max(...judgements.map(({ error }) => error)),
    ok: judgements.every(({ error, tolerance }) => error <= tolerance.bound),
  };
}
