/** How far a recorded tensor is from the right one, and how far it may be (recording format, section 5). */
import { compare, type Comparison } from "../check/close.ts";
import type { HostArray } from "../check/host.ts";
import { tolerances, type Bound } from "../check/tolerance.ts";
import type { Precision } from "../kernels/engine.ts";
import { RecordingError } from "./fields.ts";
import type { Recording } from "./read.ts";
import type { Origin } from "./readings.ts";

/** `actual` is the recorded value, `expected` the right one; `error` is a share of the largest right value. */
export interface Judgement extends Comparison {
  readonly tolerance: Bound;
  /** Largest and root mean square difference, in the tensor's own unit. */
  readonly maxAbs: number;
  readonly rms: number;
}

const QKV_BIAS_AFTER_STEP = /^after\/\d+\/blocks\.\d+\.attn\.qkv\.bias$/;

/** AdamW makes the rounding noise of the key bias, whose gradient is 0, a step of up to the learning rate: those rows count as equal. */
function withoutKeyBias(
  { configuration: { model, optimizer } }: Recording,
  name: string,
  recorded: HostArray,
  right: HostArray,
): HostArray {
  if (optimizer?.kind !== "adamw" || !QKV_BIAS_AFTER_STEP.test(name)) return recorded;
  const D = model.width;
  const data = recorded.data.slice();
  data.set(right.data.subarray(D, 2 * D), D);
  return { shape: recorded.shape, data };
}

/**
 * What either side computed in f32, or what was stored so, is held to the bound of f32; and what is made from it. AdamW has a bound of its own where
 * its gradient is not the recorded one.
 */
function toleranceOf(
  { configuration: { dtype, optimizer }, rounded }: Recording,
  name: string,
  { local, starts }: Origin,
  precision: Precision,
): Bound {
  const coarse = dtype === "float32" || [name, ...starts].some((tensor) => rounded.has(tensor));
  const stepped = name.startsWith("after/") && !local && optimizer?.kind === "adamw";
  return tolerances[stepped ? "recordedAdamW" : "recording"][coarse ? "f32" : precision];
}

function rmsOf(a: HostArray, b: HostArray): number {
  const squares = a.data.reduce((total, x, i) => total + (Object.is(x, b.data[i]) ? 0 : (x - (b.data[i] ?? NaN)) ** 2), 0);
  return Math.sqrt(squares / Math.max(1, a.data.length));
}

/** Compares one recorded result with the right one, computed on an engine of this precision; `origin` is what `right` was made from. */
export function judge(
  recording: Recording,
  name: string,
  right: HostArray,
  precision: Precision,
  origin: Origin = { local: false, starts: [] },
): Judgement {
  const found = recording.results.get(name);
  if (found === undefined) throw new RecordingError(`no tensor ${name}`);
  const recorded = withoutKeyBias(recording, name, found, right);
  const comparison = compare(recorded, right);
  return {
    ...comparison,
    tolerance: toleranceOf(recording, name, origin, precision),
    maxAbs: comparison.error * (comparison.scale || 1),
    rms: rmsOf(recorded, right),
  };
}
