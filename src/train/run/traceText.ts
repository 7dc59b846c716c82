/** What a failed step was traced to, in words. */
import type { Precision } from "../../kernels/engine.ts";
import type { Shape } from "../../tensor/tensor.ts";
import type { Found } from "../trace/trace.ts";
import type { Trace } from "./trace.ts";

/** What the words depend on beside the trace. */
export interface Circumstances {
  /** In which the step failed. */
  readonly precision: Precision;
  /** Its largest number. */
  readonly limit: number;
  /** The index of each image of the batch in its set. */
  readonly samples: readonly number[];
}

/** The indices along the axes of the number at a flat index. */
export function indicesOf(shape: Shape, index: number): readonly number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((length) => {
      const at = rest % length;
      rest = Math.floor(rest / length);
      return at;
    })
    .toReversed();
}

/** The tensor's name in a sentence. */
function nameOf({ role, path, input }: Found): string {
  if (role === "images") return "the input";
  if (role === "target") return "the target";
  if (role === "teacher") return "the teacher's logits";
  if (role === "parameter") return `the parameter ${path}`;
  if (role === "buffer") return `the buffer ${path}`;
  if (role === "gradient") return input === null ? `the gradient of ${path}` : `the gradient of ${path} for its ${input}`;
  return input === null ? path : `${path}, ${input}`;
}

/** `image 5 of the batch: sample 1042`, and for an input which pixel. */
function placeOf({ role, shape, element, image }: Found, samples: readonly number[]): string {
  const [, ...within] = indicesOf(shape, element.index);
  const [channel, row, column] = within;
  if (image === null) return `${element.value} at [${indicesOf(shape, element.index).join(", ")}]`;
  const whose = `image ${image} of the batch: sample ${samples[image] ?? NaN}`;
  return role === "images" ? `${whose}; ${element.value} at channel ${channel}, row ${row}, column ${column}` : whose;
}

const DIGITS = 2;

/** The end of the error, after the colon. */
export function foundText({ found, failing, repeated }: Trace, { precision, limit, samples }: Circumstances): string {
  const again = failing === null ? "; the loss is finite when the step is repeated" : "";
  const [from, to] = [failing?.first ?? 0, failing?.end ?? samples.length];
  const left = repeated.end < to ? ` (of images ${from} to ${to - 1}, the first ${repeated.end - from} were repeated)` : "";
  if (found === null) return `on the reference engine every tensor is finite and within the range of ${precision}${again}${left}`;
  const place = placeOf(found, samples);
  const { element, beyond } = found;
  if (!beyond) return `the first tensor that is not finite is ${nameOf(found)} (${place})${again}${left}`;
  const reached = Math.abs(element.value)
    .toExponential(DIGITS - 1)
    .replace("e+", "e");
  const most = limit > 1e6 ? limit.toExponential(DIGITS - 1).replace("e+", "e") : `${limit}`;
  return `${nameOf(found)} reaches ${reached}, beyond ${most}, the largest number of ${precision} (${place})${again}${left}`;
}
