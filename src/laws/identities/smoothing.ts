/** Label smoothing: both conventions, and the least loss that each leaves (deit.md 2.2). */
import type { Draw } from "../../check/draw.ts";
import { evaluate, hostArray, upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances } from "../../check/tolerance.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { smoothOverAll, smoothOverOthers } from "../../losses/labelSmoothing.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { lossSizes, moderate, smoothing } from "../cases/calls/losses.ts";
import { relative, claimsRow, rounds, type Claim } from "../cases/claim.ts";
import { batchMean, scalar } from "../loops/losses.ts";
import { logSoftmax } from "../loops/softmax.ts";
import { at, tabulate } from "../loops/matrix.ts";

const ce = (k: Kernels, logits: HostArray, target: Tensor): Tensor =>
  crossEntropy.forward(k, { logits: upload<Tensor>(k, logits) }, { target }).out;

function conventionClaims(draw: Draw): readonly Claim[] {
  const [B, K] = lossSizes(draw);
  const [labels, eps, z] = [draw.labels([B], K), smoothing(draw), moderate(draw, [B, K])];
  const logProbs = logSoftmax(z);
  const nll = -batchMean(z, (b, k) => (k === at(labels, b) ? at(logProbs, b, k) : 0));
  const uniform = -batchMean(z, (b, k) => at(logProbs, b, k) / K);
  const ones = tabulate([B, 1], () => 1);
  return [
    {
      actual: (k) => smoothOverOthers(k, upload<Tensor>(k, labels), K, (eps * (K - 1)) / K),
      equals: (k) => smoothOverAll(k, upload<Tensor>(k, labels), K, eps),
    },
    { actual: (k) => ce(k, z, smoothOverAll(k, upload<Tensor>(k, labels), K, eps)), expected: scalar((1 - eps) * nll + eps * uniform) },
    {
      actual: (k) => [smoothOverAll, smoothOverOthers].map((smooth) => k.sumLast(smooth(k, upload<Tensor>(k, labels), K, eps))),
      expected: [ones, ones],
    },
  ];
}

/** ImageNet's classes, DeiT's ε, and the least loss that deit.md prints for them. */
const CLASSES = 1000;
const SHARE = 0.1;
const PRINTED = [
  { smooth: smoothOverAll, least: 1.01485, on: 0.9001, off: 0.0001 },
  { smooth: smoothOverOthers, least: 1.01576, on: 0.9, off: 0.1 / 999 },
] as const;

/**
 * The loss at the logits log q, where it is least; its gradient there; and the loss at logits nearby. In f64 the loss is compared with the printed
 * digits; in f32 with the printed number up to a tolerance, because the rounding errors of 1000 equal terms add up.
 */
const leastError: Row["error"] = async (engine, draw) => {
  const labels = hostArray([1], [draw.integer(0, CLASSES - 1)]);
  const noise = draw.array([CLASSES], { deviation: 0.1 });
  let worst = 0;
  for (const { smooth, least, on, off } of PRINTED) {
    const best = tabulate([1, CLASSES], (_, k) => Math.log(k === at(labels, 0) ? on : off));
    const nearby = tabulate([1, CLASSES], (_, k) => at(best, 0, k) + at(noise, k));
    const values = await evaluate(engine, (k) => {
      const target = smooth(k, upload<Tensor>(k, labels), CLASSES, SHARE);
      const { out, saved } = crossEntropy.forward(k, { logits: upload<Tensor>(k, best) }, { target });
      return { least: out, d: crossEntropy.vjp(k, saved, k.upload([], [1])).logits, nearby: ce(k, nearby, target) };
    });
    const number = (name: string): number => values.get(name)?.data[0] ?? NaN;
    const slope = values.get("d")?.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0) ?? NaN;
    const missed = draw.precision === "f64" ? rounds(number("least"), least, 6) : relative(number("least"), least);
    worst = Math.max(worst, missed, slope, number("nearby") > number("least") ? 0 : Infinity);
  }
  return worst;
};

export const smoothingRows: readonly Row[] = [
  claimsRow(
    "identity/smoothing",
    "both conventions agree for ε and ε(K − 1)/K; targets sum to 1; the loss in its direct form",
    conventionClaims,
  ),
  {
    id: "identity/smoothed-minimum",
    title: "the least loss on smoothed labels is 1.01485 (code) and 1.01576 (paper) for K = 1000, at logits log q",
    tolerance: tolerances.equation,
    error: leastError,
  },
];
