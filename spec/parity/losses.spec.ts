/** Every loss, its gradient and both fusions on 200 batches against PyTorch and the authors' code (fixtures/losses). */
import { describe, expect, it } from "vitest";
import { evaluate, type Leaves } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { crossEntropy } from "../../src/losses/crossEntropy.ts";
import { divergence, type Divisor } from "../../src/losses/divergence.ts";
import { hardDistillation, teacherDecision } from "../../src/losses/hardDistillation.ts";
import { smoothOverAll, smoothOverOthers } from "../../src/losses/labelSmoothing.ts";
import { softDistillation } from "../../src/losses/softDistillation.ts";
import { usualHardDistillation, usualSoftDistillation } from "../../src/losses/usualDistillation.ts";
import { meanOfLogits, sumOfSoftmax } from "../../src/model/fusion.ts";
import type { Op } from "../../src/ops/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { distance } from "../helpers/distance.ts";
import { tensorOf, tensorsOf, textOf } from "../helpers/fixtures.ts";

interface Case {
  readonly name: string;
  readonly K: number;
  readonly tau: number;
  readonly lam: number;
  readonly alpha: number;
  readonly smoothing: number;
  readonly teacher_argmax: readonly number[];
  readonly pred_mean_logits: readonly number[];
  readonly pred_sum_softmax: readonly number[];
  /** The value of each loss. */
  readonly [loss: string]: unknown;
}

const { cases }: { cases: readonly Case[] } = JSON.parse(textOf("losses/losses.json"));
const tensors = tensorsOf("losses/losses.safetensors");

// losses.json states both.
const VALUE_TOLERANCE = 1e-12; // times max(1, |expected|)
const GRADIENT_TOLERANCE = 1e-13; // times max(1, τ)

/** A case on an engine. */
interface Batch {
  readonly zc: Tensor;
  readonly zd: Tensor;
  readonly zt: Tensor;
  readonly q: Tensor;
  readonly labels: Tensor;
}

function batchOf(k: Kernels, { name }: Case): Batch {
  const load = (part: string): Tensor => {
    const { shape, data } = tensorOf(tensors, `${name}.${part}`);
    return k.upload(shape, data);
  };
  return { zc: load("zc"), zd: load("zd"), zt: load("zt"), q: load("q"), labels: load("labels") };
}

/** The loss and the gradients of its inputs under the fixture's names. */
type Outcome = Readonly<Record<string, Tensor>>;

function outcome<In, Saved, Attrs>(
  k: Kernels,
  op: Op<In, Saved, Attrs>,
  inputs: In,
  attrs: Attrs,
  names: Readonly<Record<string, string>>,
): Outcome {
  const { out, saved } = op.forward(k, inputs, attrs);
  const d = op.vjp(k, saved, k.upload([], [1]));
  return { value: out, ...Object.fromEntries(Object.entries(names).map(([input, name]) => [name, Reflect.get(Object(d), input)])) };
}

const g = { logits: "g" };
const gStudent = { student: "g" };
const gHead = { head: "g" };
const gBoth = { head: "g_zc", head_dist: "g_zd" };

const divergenceBy =
  (divideBy: Divisor) =>
  (k: Kernels, { zd, zt }: Batch, { tau }: Case): Outcome =>
    outcome(k, divergence, { student: zd }, { teacher: zt, tau, divideBy }, gStudent);

const teacherFirst = { direction: "teacher-first" } as const;

const hardWith = (k: Kernels, { zc, zd, zt, q }: Batch, alpha: number): Outcome =>
  outcome(k, hardDistillation, { head: zc, head_dist: zd }, { target: q, teacher: zt, alpha }, gBoth);

const losses: readonly (readonly [title: string, name: string, compute: (k: Kernels, batch: Batch, test: Case) => Outcome])[] = [
  [
    "cross-entropy of labels",
    "ce",
    (k, { zc, labels }, { K }) => outcome(k, crossEntropy, { logits: zc }, { target: k.oneHot(labels, K) }, g),
  ],
  ["cross-entropy of a distribution", "ce_soft", (k, { zc, q }) => outcome(k, crossEntropy, { logits: zc }, { target: q }, g)],
  [
    "smoothing over all classes",
    "smooth_e20",
    (k, { zc, labels }, { K, smoothing }) =>
      outcome(k, crossEntropy, { logits: zc }, { target: smoothOverAll(k, labels, K, smoothing) }, g),
  ],
  [
    "smoothing over the other classes",
    "smooth_e21",
    (k, { zc, labels }, { K, smoothing }) =>
      outcome(k, crossEntropy, { logits: zc }, { target: smoothOverOthers(k, labels, K, smoothing) }, g),
  ],
  ["divergence, divided by the batch", "kl_div_by_B", divergenceBy("batch")],
  ["divergence, divided by batch and classes", "kl_div_by_BK", divergenceBy("batch*classes")],
  [
    "the usual soft distillation",
    "soft_e22",
    (k, { zc, zt, labels }, { K, tau, lam: lambda }) =>
      outcome(
        k,
        usualSoftDistillation,
        { head: zc },
        { ...teacherFirst, target: k.oneHot(labels, K), teacher: zt, tau, lambda, divideBy: "batch" },
        gHead,
      ),
  ],
  [
    "soft distillation as in the authors' code",
    "soft_e24_deit",
    (k, { zc, zd, zt, q }, { tau, alpha: lambda }) =>
      outcome(
        k,
        softDistillation,
        { head: zc, head_dist: zd },
        { ...teacherFirst, target: q, teacher: zt, tau, lambda, divideBy: "batch*classes" },
        gBoth,
      ),
  ],
  ["hard distillation", "hard_deit", (k, batch, { alpha }) => hardWith(k, batch, alpha)],
  ["hard distillation in equal shares", "hard_half", (k, batch) => hardWith(k, batch, 0.5)],
  [
    "the usual hard distillation",
    "hard_same_logits",
    (k, { zc, zt, q }) => outcome(k, usualHardDistillation, { head: zc }, { target: q, teacher: zt, alpha: 0.5 }, gHead),
  ],
];

const run = (test: Case, f: (k: Kernels, batch: Batch) => Outcome): Promise<Leaves> =>
  evaluate(referenceEngine(), (k) => f(k, batchOf(k, test)));

describe.each(losses)("%s", (_, loss, compute) => {
  it("has PyTorch's value and gradient", async () => {
    const off: string[] = [];
    for (const test of cases) {
      const computed = await run(test, (k, batch) => compute(k, batch, test));
      const [value, expected] = [tensorOf(computed, "value").data[0] ?? NaN, Number(test[loss])];
      if (!(Math.abs(value - expected) <= VALUE_TOLERANCE * Math.max(1, Math.abs(expected))))
        off.push(`${test.name}: ${value} instead of ${expected}`);
      for (const [name, gradient] of computed) {
        if (name === "value") continue;
        const error = distance(gradient, tensorOf(tensors, `${test.name}.${loss}.${name}`));
        if (!(error <= GRADIENT_TOLERANCE * Math.max(1, test.tau))) off.push(`${test.name}.${name}: ${error}`);
      }
    }
    expect(off).toEqual([]);
  });
});

describe("fusion", () => {
  /** Both fused logits, their decisions, and the teacher's. */
  const fused = (test: Case): Promise<Leaves> =>
    run(test, (k, { zc, zd, zt }) => {
      const mean = meanOfLogits.forward(k, { head: zc, head_dist: zd }).out;
      const sum = sumOfSoftmax.forward(k, { head: zc, head_dist: zd }).out;
      return { mean, sum, meanClass: k.argmaxLast(mean), sumClass: k.argmaxLast(sum), teacher: teacherDecision(k, zt) };
    });

  it.each(["mean", "sum"] as const)("by the %s has PyTorch's values", async (rule) => {
    const off: string[] = [];
    for (const test of cases) {
      const expected = tensorOf(tensors, `${test.name}.${rule === "mean" ? "fused_mean_logits" : "fused_sum_softmax"}`);
      const error = distance(tensorOf(await fused(test), rule), expected);
      if (!(error <= VALUE_TOLERANCE * Math.max(1, ...expected.data.map(Math.abs)))) off.push(`${test.name}: ${error}`);
    }
    expect(off).toEqual([]);
  });

  it.each([
    ["mean", "meanClass", "pred_mean_logits"],
    ["sum", "sumClass", "pred_sum_softmax"],
  ] as const)("by the %s makes PyTorch's decisions", async (_, decision, expected) => {
    const decided = await Promise.all(cases.map(async (test) => [test.name, [...tensorOf(await fused(test), decision).data]]));
    expect(decided).toEqual(cases.map((test) => [test.name, test[expected]]));
  });

  it("of the teacher takes the first class on ties", async () => {
    const decided = await Promise.all(cases.map(async (test) => [test.name, tensorOf(await fused(test), "teacher")] as const));
    const classes = decided.map(([name, { shape, data }]) => [
      name,
      Array.from({ length: shape[0] ?? 0 }, (_, b) => data.indexOf(1, b * (shape[1] ?? 1)) % (shape[1] ?? 1)),
    ]);
    expect(classes).toEqual(cases.map((test) => [test.name, test.teacher_argmax]));
  });
});
