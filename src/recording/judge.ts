/** How far a computed tensor is from the recorded one, and how far it may be (recording format, section 5). */
import { compare, type Comparison } from "../check/close.ts";
import type { HostArray } from "../check/host.ts";
import { tolerances, type Bound } from "../check/tolerance.ts";
import type { Precision } from "../kernels/engine.ts";
import { RecordingError } from "./fields.ts";
import type { Recording } from "./read.ts";

export interface Judgement extends Comparison {
  readonly tolerance: Bound;
}

const QKV_BIAS_AFTER_STEP = /^after\/\d+\/blocks\.\d+\.attn\.qkv\.bias$/;

/** AdamW makes the rounding noise of the key bias, whose gradient is 0, a step of up to the learning rate: those rows count as equal. */
function withoutKeyBias(
  { configuration: { model, optimizer } }: Recording,
  name: string,
  actual: HostArray,
  expected: HostArray,
): HostArray {
  if (optimizer?.kind !== "adamw" || !QKV_BIAS_AFTER_STEP.test(name)) return actual;
  const D = model.width;
  const data = actual.data.slice();
  data.set(expected.data.subarray(D, 2 * D), D);
  return { shape: actual.shape, data };
}

/** What either side computed in f32, or stored so, is held to the bound of f32. */
function toleranceOf({ configuration: { dtype, optimizer }, rounded }: Recording, name: string, precision: Precision): Bound {
  const stepped = optimizer?.kind === "adamw" && name.startsWith("after/");
  return tolerances[stepped ? "recordedAdamW" : "recording"][dtype === "float32" || rounded.has(name) ? "f32" : precision];
}

/** Compares one result, computed on an engine of this precision. */
export function judge(recording: Recording, name: string, actual: HostArray, precision: Precision): Judgement {
  const expected = recording.results.get(name);
  if (expected === undefined) throw new RecordingError(`no tensor ${name}`);
  return { ...compare(withoutKeyBias(recording, name, actual, expected), expected), tolerance: toleranceOf(recording, name, precision) };
}
