/** Random calls of the losses, with the expected loss by loops. */
import type { Draw } from "../../../check/draw.ts";
import type { HostArray } from "../../../check/host.ts";
import type { CrossEntropyAttrs, CrossEntropyInputs } from "../../../losses/crossEntropy.ts";
import type { DivergenceAttrs, DivergenceInputs, Divisor } from "../../../losses/divergence.ts";
import type { HardDistillationAttrs } from "../../../losses/hardDistillation.ts";
import type { Direction, SoftDistillationAttrs, TwoLogits } from "../../../losses/softDistillation.ts";
import type { ClassLogits } from "../../../losses/usualDistillation.ts";
import type { Shape } from "../../../tensor/tensor.ts";
import type { HostCall } from "../hostCall.ts";
import { crossEntropy, divergence, hardDistillation, reverseDivergence, scalar, softDistillation } from "../../loops/losses.ts";

const LARGEST_BATCH = 5;
const MOST_CLASSES = 9;

/** B and K, different from each other; B = 1 and K = 2 occur. */
export function lossSizes(draw: Draw): readonly [B: number, K: number] {
  const B = draw.integer(1, LARGEST_BATCH);
  const K = draw.oneOf([2, draw.integer(2, MOST_CLASSES)]);
  return K === B ? [B, K + 1] : [B, K];
}

/** How logits are drawn. */
export type DrawLogits = (draw: Draw, shape: Shape) => HostArray;

/** Logits of order 1: all classes contribute. */
export const moderate: DrawLogits = (draw, shape) => draw.array(shape, { mean: draw.real(-1, 1), deviation: draw.oneOf([0.5, 2]) });

/** Multiples of 1000 up to ±10⁴: exp overflows without the shift, and ties are exact at every temperature. */
const huge: DrawLogits = (draw, shape) => ({ shape, data: draw.array(shape).data.map(() => 1000 * draw.integer(-10, 10)) });

/** Moderate logits, or in a third of the cases huge ones. */
export const anySize: DrawLogits = (draw, shape) => draw.oneOf([moderate, moderate, huge])(draw, shape);

/** Multiples of ¼ with few values: most rows have a tie for the largest. */
export const tied: DrawLogits = (draw, shape) => ({ shape, data: draw.array(shape).data.map(() => draw.integer(-2, 2) / 4) });

/** ε of label smoothing, well above 0. */
export const smoothing = (draw: Draw): number => draw.real(0.05, 0.6);

/** τ below and above 1. */
export const temperature = (draw: Draw): number => draw.oneOf([draw.real(0.3, 0.9), draw.real(1.2, 5)]);

/** The share of the teacher, below or above ½. */
export const share = (draw: Draw): number => draw.oneOf([draw.real(0.05, 0.45), draw.real(0.55, 0.95)]);

const divisor = (draw: Draw): Divisor => draw.oneOf(["batch", "batch*classes"]);
const perClass = (divideBy: Divisor): boolean => divideBy === "batch*classes";

/** q, whose rows need not sum to 1 if `general`. */
export function crossEntropyCall(draw: Draw, logitsOf: DrawLogits, general = false): HostCall<CrossEntropyInputs, CrossEntropyAttrs> {
  const shape = lossSizes(draw);
  const logits = logitsOf(draw, shape);
  const target = general ? draw.array(shape, { mean: 0.5 }) : draw.distribution(shape);
  return { inputs: { logits }, attrs: { target }, expected: scalar(crossEntropy(logits, target)) };
}

type DivergenceCall = (draw: Draw, logitsOf: DrawLogits, divideBy?: Divisor) => HostCall<DivergenceInputs, DivergenceAttrs>;

const callOf =
  (kl: typeof divergence): DivergenceCall =>
  (draw, logitsOf, divideBy = divisor(draw)) => {
    const shape = lossSizes(draw);
    const [student, teacher, tau] = [logitsOf(draw, shape), logitsOf(draw, shape), temperature(draw)];
    const expected = scalar(kl(student, teacher, tau) / (perClass(divideBy) ? shape[1] : 1));
    return { inputs: { student }, attrs: { teacher, tau, divideBy }, expected };
  };

export const divergenceCall: DivergenceCall = callOf(divergence);
export const reverseDivergenceCall: DivergenceCall = callOf(reverseDivergence);

/** The divergence of a soft distillation; what is not given is drawn. */
type GivenDivergence = Partial<Pick<SoftDistillationAttrs, "divideBy" | "direction">>;

/** Either direction of the divergence. */
export const drawDirection = (draw: Draw): Direction => draw.oneOf(["teacher-first", "student-first"]);

export function softDistillationCall(
  draw: Draw,
  logitsOf: DrawLogits,
  { divideBy = divisor(draw), direction = drawDirection(draw) }: GivenDivergence = {},
): HostCall<TwoLogits, SoftDistillationAttrs> {
  const shape = lossSizes(draw);
  const [head, head_dist, teacher] = [logitsOf(draw, shape), logitsOf(draw, shape), logitsOf(draw, shape)];
  const attrs = { target: draw.distribution(shape), teacher, tau: temperature(draw), lambda: share(draw), divideBy, direction };
  const loss = softDistillation([head, head_dist], attrs.target, teacher, { ...attrs, perClass: perClass(divideBy) });
  return { inputs: { head, head_dist }, attrs, expected: scalar(loss) };
}

/** (E22) as printed, with the same logits for both terms. */
export function usualSoftCall(draw: Draw, logitsOf: DrawLogits, given: GivenDivergence = {}): HostCall<ClassLogits, SoftDistillationAttrs> {
  const { inputs, attrs } = softDistillationCall(draw, logitsOf, given);
  const { head } = inputs;
  const loss = softDistillation([head, head], attrs.target, attrs.teacher, { ...attrs, perClass: perClass(attrs.divideBy) });
  return { inputs: { head }, attrs, expected: scalar(loss) };
}

export function hardDistillationCall(draw: Draw, logitsOf: DrawLogits): HostCall<TwoLogits, HardDistillationAttrs> {
  const shape = lossSizes(draw);
  const [head, head_dist, teacher] = [logitsOf(draw, shape), logitsOf(draw, shape), logitsOf(draw, shape)];
  const [target, alpha] = [draw.distribution(shape), share(draw)];
  const loss = hardDistillation([head, head_dist], target, teacher, alpha);
  return { inputs: { head, head_dist }, attrs: { target, teacher, alpha }, expected: scalar(loss) };
}

/** (E26) with the same logits for both labels. */
export function usualHardCall(draw: Draw, logitsOf: DrawLogits): HostCall<ClassLogits, HardDistillationAttrs> {
  const { inputs, attrs } = hardDistillationCall(draw, logitsOf);
  const { head } = inputs;
  return { inputs: { head }, attrs, expected: scalar(hardDistillation([head, head], attrs.target, attrs.teacher, attrs.alpha)) };
}

export function twoClassTokensCall(draw: Draw, logitsOf: DrawLogits): HostCall<TwoLogits, CrossEntropyAttrs> {
  const shape = lossSizes(draw);
  const [head, head_dist, target] = [logitsOf(draw, shape), logitsOf(draw, shape), draw.distribution(shape)];
  const loss = (crossEntropy(head, target) + crossEntropy(head_dist, target)) / 2;
  return { inputs: { head, head_dist }, attrs: { target }, expected: scalar(loss) };
}
