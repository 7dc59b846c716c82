/** Whole networks against timm (fixtures/regnet), in evaluation and in training. */
import { beforeAll, describe, expect, it } from "vitest";
import { describe as sayHow, gap } from "../../src/check/close.ts";
import { evaluate, type Leaves } from "../../src/check/host.ts";
import { referenceBounds } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { observe } from "../../src/ops/observe.ts";
import { regnetLogits, regnetPredict, regnetTrain } from "../../src/teacher/regnet.ts";
import { moveRunning } from "../../src/teacher/runningStatistics.ts";
import { mapTree, named } from "../../src/tensor/tree.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tensorOf } from "../helpers/fixtures.ts";
import { regnetCall, regnetFixture, under } from "../helpers/regnet.ts";

const { bound } = referenceBounds.parity;

/** One line for each expected array whose error is too large. */
const offOf = (actual: Leaves, expected: Leaves): readonly string[] =>
  [...expected].flatMap(([name, want]) => {
    const got = tensorOf(actual, name);
    return gap(got, want) <= bound ? [] : [sayHow(name, got, want, bound)];
  });

describe.each(["two_stage", "four_stage"])("%s", (name) => {
  const fixture = regnetFixture(name);
  const expected = (prefix: string): Leaves => under(fixture.tensors, prefix);
  const only = (of: string): Leaves => new Map([[of, tensorOf(fixture.tensors, of)]]);
  let evaluated: Leaves = new Map();
  let trained: Leaves = new Map();

  beforeAll(async () => {
    evaluated = await evaluate(referenceEngine(), (k) => {
      const { inputs, attrs } = regnetCall(k, fixture);
      const { out, saved } = regnetLogits.forward(k, inputs, attrs);
      const { shape, data } = tensorOf(fixture.tensors, "cotangent");
      const grads = regnetLogits.vjp(k, saved, { logits: k.upload(shape, data), stats: null });
      return { logits: out.logits, x_grad: grads.images, predicted: regnetPredict(k, inputs, attrs) };
    });
    trained = await evaluate(referenceEngine(), (k) => {
      const { inputs, attrs } = regnetCall(k, fixture);
      const { out, saved } = regnetTrain.forward(k, inputs, attrs);
      const { shape, data } = tensorOf(fixture.tensors, "cotangent");
      const grads = regnetTrain.vjp(k, saved, { logits: k.upload(shape, data), stats: null });
      const after = moveRunning(k, attrs.running, out.stats.constant);
      return { logits: out.logits, x_grad: grads.images, grad: grads.params, after };
    });
  });

  it("has timm's logits in evaluation", () => {
    expect(offOf(new Map([["eval.logits", tensorOf(evaluated, "logits")]]), only("eval.logits"))).toEqual([]);
  });

  it("has timm's image gradient in evaluation", () => {
    expect(offOf(new Map([["eval.x_grad", tensorOf(evaluated, "x_grad")]]), only("eval.x_grad"))).toEqual([]);
  });

  it("predicts bitwise the logits of evaluation", () => {
    expect(tensorOf(evaluated, "predicted")).toEqual(tensorOf(evaluated, "logits"));
  });

  it("has timm's logits in training", () => {
    expect(offOf(new Map([["train.logits", tensorOf(trained, "logits")]]), only("train.logits"))).toEqual([]);
  });

  it("has timm's image gradient in training", () => {
    expect(offOf(new Map([["train.x_grad", tensorOf(trained, "x_grad")]]), only("train.x_grad"))).toEqual([]);
  });

  it("has timm's gradient of every parameter", () => {
    const grads = under(trained, "grad.");
    expect([[...grads.keys()].toSorted(), offOf(grads, expected("train.grad."))]).toEqual([
      [...expected("train.grad.").keys()].toSorted(),
      [],
    ]);
  });

  it("has timm's buffers after one step", () => {
    const after = under(trained, "after.");
    expect([[...after.keys()].toSorted(), offOf(after, expected("train.after."))]).toEqual([
      [...expected("train.after.").keys()].toSorted(),
      [],
    ]);
  });
});

describe("taps", () => {
  it("of stem and blocks are timm's, under timm's names", async () => {
    const fixture = regnetFixture("two_stage");
    const taps = await evaluate(referenceEngine(), (k) => {
      const seen = new Map<string, Tensor>();
      const watched = observe(k, {
        after: (call, out) => {
          const y = named(out).get("y");
          if (call.phase === "forward" && /^(stem|s\d+\.b\d+)$/.test(call.path) && y !== undefined) seen.set(call.path, y);
        },
      });
      const { inputs, attrs } = regnetCall(k, fixture);
      return { kept: regnetLogits.forward(watched, inputs, attrs), taps: Object.fromEntries(seen) };
    });
    const acts = under(taps, "taps.");
    const want = new Map([...under(fixture.tensors, "eval.act.")].filter(([path]) => path !== "stem.bn")); // timm's bn holds the ReLU too
    expect([[...acts.keys()].toSorted(), offOf(acts, want)]).toEqual([["s1.b1", "s2.b1", "s2.b2", "stem"], []]);
  });
});

describe("a step of the running statistics", () => {
  const fixture = regnetFixture("two_stage");

  it("consumes the old ones", () => {
    const { kernels: k } = referenceEngine();
    const { inputs, attrs } = regnetCall(k, fixture);
    k.region("step", () => moveRunning(k, attrs.running, regnetTrain.forward(k, inputs, attrs).out.stats.constant));
    expect(() => k.square(attrs.running.stem.bn.running_mean)).toThrow("donated");
  });

  it("leaves them usable if statistics are missing", () => {
    const { kernels: k } = referenceEngine();
    const { inputs, attrs } = regnetCall(k, fixture);
    const { stem, s1 } = regnetTrain.forward(k, inputs, attrs).out.stats.constant;
    expect(() => moveRunning(k, attrs.running, { stem, ...(s1 === undefined ? {} : { s1 }) })).toThrow(
      "moveRunning: stats must have s2.b1.conv1.bn",
    );
    expect(() => k.square(attrs.running.stem.bn.running_mean)).not.toThrow();
  });
});

describe("inference", () => {
  it("keeps only the logits in memory", () => {
    const engine = referenceEngine();
    const { inputs, attrs } = regnetCall(engine.kernels, regnetFixture("two_stage"));
    const before = engine.memory().live;
    const logits = regnetPredict(engine.kernels, inputs, attrs);
    expect(engine.memory().live - before).toBe(8 * logits.shape.reduce((a, b) => a * b, 1));
  });

  it("does not mix samples: an image has the same logits alone and in a batch", async () => {
    const fixture = regnetFixture("two_stage");
    const { shape, data } = tensorOf(fixture.tensors, "x");
    const one = { shape: [1, ...shape.slice(1)], data: data.slice(0, data.length / 4) };
    const alone = await evaluate(referenceEngine(), (k) => {
      const { inputs, attrs } = regnetCall(k, fixture, one);
      return { logits: regnetPredict(k, inputs, attrs) };
    });
    const batch = tensorOf(fixture.tensors, "eval.logits");
    expect(gap(tensorOf(alone, "logits"), { shape: [1, 5], data: batch.data.slice(0, 5) })).toBeLessThanOrEqual(bound);
  });
});

describe("paths", () => {
  it("of ops with parameters are timm's names of the modules", () => {
    const { kernels } = referenceEngine();
    const fixture = regnetFixture("two_stage");
    const paths = new Set<string>();
    const k = observe(kernels, { before: (call) => paths.add(call.path) });
    const { inputs, attrs } = regnetCall(kernels, fixture);
    regnetPredict(k, inputs, attrs);
    const modules = [...named(inputs.params).keys()].map((leaf) => leaf.replace(/\.(weight|bias)$/, ""));
    expect(modules.filter((module) => !paths.has(module))).toEqual([]);
  });

  it("begin the error of a part", () => {
    const { kernels: k } = referenceEngine();
    const { inputs, attrs } = regnetCall(k, regnetFixture("two_stage"));
    const params = mapTree(inputs.params, (t, leaf) => (leaf === "s2.b1.conv2.bn.weight" ? k.zeros([7]) : t));
    expect(() => regnetPredict(k, { ...inputs, params }, attrs)).toThrow(
      "s2.b1.conv2.bn: frozenBatchNorm: params.weight must be [C] with C = 32 (from x), got [7]",
    );
  });

  it("of running statistics must match those of the parameters", () => {
    const { kernels: k } = referenceEngine();
    const { inputs, attrs } = regnetCall(k, regnetFixture("two_stage"));
    const running = { stem: attrs.running.stem };
    expect(() => regnetPredict(k, inputs, { ...attrs, running })).toThrow("regnet: running must have s1, because params has it");
  });
});
