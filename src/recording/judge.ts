/** How far a recorded tensor is from the right one, and how far it may be (recording format, section 5). */
import { compare, type Comparison } from "../check/close.ts";
import type { HostArray } from "../check/host.ts";
import { tolerances, type Bound, type ToleranceName } from "../check/tolerance.ts";
import type { Precision } from "../kernels/engine.ts";
import { resultOf, type Recording } from "./format/read.ts";
import type { Origin } from "./steps/readings.ts";

/** `actual` is the recorded value, `expected` the right one; `error` is a share of the largest right value. */
export interface Judgement extends Comparison {
  /** The largest error that is allowed, and why. */
  readonly tolerance: Bound;
  /** The coarsest precision, of arithmetic or of storage, that either value went through. */
  readonly coarsest: Precision;
  /** Largest and root mean square difference, in the tensor's own unit. */
  readonly maxAbs: number;
  /** Root mean square difference, in the tensor's own unit. */
  readonly rms: number;
}

const QKV_BIAS_AFTER_STEP = /^after\/\d+\/blocks\.\d+\.attn\.qkv\.bias$/;

/** The key bias has gradient 0, so AdamW turns its rounding noise into a step of up to the learning rate: those rows count as equal. */
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

/** A result counts as f32 if either side computed it in f32, or if it or what it was made from was stored in f32. */
function coarsestOf({ configuration: { dtype }, rounded }: Recording, name: string, { starts }: Origin, precision: Precision): Precision {
  if (precision === "f16") return precision;
  return dtype === "float32" || [name, ...starts].some((tensor) => rounded.has(tensor)) ? "f32" : precision;
}

/** The row of the tolerance table. AdamW has a row of its own where its gradient is not the recorded one. */
function kindOf({ configuration: { optimizer } }: Recording, name: string, { local }: Origin): ToleranceName {
  if (local) return "recording";
  return name.startsWith("after/") && optimizer?.kind === "adamw" ? "recordedAdamW" : "recordedEndToEnd";
}

function rmsOf(a: HostArray, b: HostArray): number {
  const squares = a.data.reduce((total, x, i) => total + (Object.is(x, b.data[i]) ? 0 : (x - (b.data[i] ?? NaN)) ** 2), 0);
  return Math.sqrt(squares / Math.max(1, a.data.length));
}

/** Compares one recorded result with the right one, which an engine of this precision computed; `origin` says what `right` was made from. */
export function judge(
  recording: Recording,
  name: string,
  right: HostArray,
  precision: Precision,
  origin: Origin = { local: false, starts: [] },
): Judgement {
  const recorded = withoutKeyBias(recording, name, resultOf(recording, name), right);
  const comparison = compare(recorded, right);
  const coarsest = coarsestOf(recording, name, origin, precision);
  return {
    ...comparison,
    tolerance: tolerances[kindOf(recording, name, origin)][coarsest],
    coarsest,
    maxAbs: comparison.error * (comparison.scale || 1),
    rms: rmsOf(recorded, right),
  };
}
