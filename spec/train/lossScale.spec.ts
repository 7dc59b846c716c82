/** Dynamic loss scaling: 10,000 steps with overflows, and planted errors that must be noticed. */
import { describe, expect, it } from "vitest";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { lossScale, type LossScaleState } from "../../src/laws/loops/recipe.ts";
import { fuse, fusedTable, unfused } from "../../src/ops/observe.ts";
import { keyOf, uniformAt } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { mapTree, named } from "../../src/tensor/tree.ts";
import { adamwLeaf } from "../../src/train/optimizer/adamw.ts";
import { averageOf, emaLeaf } from "../../src/train/optimizer/ema.ts";
import { initialLossScale, nextLossScale } from "../../src/train/optimizer/lossScale.ts";
import { initialOptimizerState, type Optimizer } from "../../src/train/optimizer/optimizer.ts";
import { sgdLeaf } from "../../src/train/optimizer/sgd.ts";
import { trainStep, type TrainState } from "../../src/train/step/step.ts";
import type { Batch, Task } from "../../src/train/step/task.ts";
import { engines } from "../helpers/engines.ts";

const ADAMW: Optimizer = { kind: "adamw", noDecay: "deit", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 };
const SGD: Optimizer = { kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 0 };

/** The minimum of the quadratic ½‖w − goal‖² + ½‖b − goal‖². */
const GOAL = 0.5;
/** The largest number of f16. */
const HALF_MAX = 65_504;

interface Weights {
  readonly w: Tensor;
  readonly b: Tensor;
}

/** Rounds numbers beyond the largest of f16 to infinity. */
function asHalf(k: Kernels, x: Tensor): Tensor {
  const fits = k.step(k.addScalar(k.scale(k.sqrt(k.square(x)), -1), HALF_MAX));
  return k.where(fits, x, k.scale(x, Infinity));
}

/** A task whose gradient is that of the quadratic times a factor from the batch, in f16; the buffer sums the factors. */
const quadratic: Task<Weights, Tensor, Tensor> = {
  lossAndGrads: (k, { params }, { images }, _, dLoss) => {
    const factor = k.reshape(images, []);
    const grads = mapTree(params, (t) => asHalf(k, k.mul(k.mul(k.addScalar(t, -GOAL), factor), dLoss)));
    return { loss: k.scale(factor, 1), truth: null, grads, statistics: k.scale(factor, 1) };
  },
  moveOn: (k, buffers, statistics) => {
    const next = k.add(buffers, statistics);
    k.donate(buffers);
    return next;
  },
};

const key = keyOf(5);
const NON_FINITE = [NaN, Infinity, -Infinity];

const FIRST = 20;

/** The factor on the gradients of a step. It is non-finite in nearly half of the first steps, as if the initial scale were too large, and rarely later. */
function factorOf(step: number): number {
  const overflows = uniformAt(key, step) < (step < FIRST ? 0.4 : 0.0007);
  return overflows ? (NON_FINITE[step % NON_FINITE.length] ?? NaN) : 1;
}

type State = TrainState<Weights, Tensor>;

/** Everything that a step may change, except the loss scale. */
const keptOf = ({ params, optimizer, buffers, average }: State): unknown => ({ params, optimizer, buffers, average });

type Numbers = ReadonlyMap<string, readonly number[]>;

async function numbersOf(engine: Engine, tree: unknown): Promise<Numbers> {
  const reads = [...named(tree)].map(async ([name, t]) => [name, [...(await engine.read(t))]] as const);
  return new Map(await Promise.all(reads));
}

interface Outcome {
  /** The first error; null if there is none. */
  readonly broken: string | null;
  /** The final state, except the loss scale. */
  readonly end: Numbers;
  readonly overflows: number;
  readonly growths: number;
  /** The largest final distance of a weight from the goal. */
  readonly off: number;
}

function start(k: Kernels, optimizer: Optimizer, scaled: boolean): State {
  const params = { w: k.upload([3], [2, -1, 0.75]), b: k.upload([1, 2], [0.25, 1]) };
  return {
    params,
    optimizer: initialOptimizerState(k, optimizer, params),
    buffers: k.zeros([]),
    average: averageOf(k, params),
    lossScale: scaled ? initialLossScale(k) : null,
    step: 0,
  };
}

/** A step whose gradients are multiplied by `factor`. */
function stepped(engine: Engine, k: Kernels, state: State, optimizer: Optimizer, factor: number): State {
  const batch: Batch = { images: k.upload([1, 1, 1, 1], [factor]), target: k.zeros([1]), teacher: null };
  const next = trainStep(k, quadratic, state, batch, key, { optimizer, lr: 1e-3, clipNorm: null, emaDecay: 0.999 });
  engine.release([next.loss, batch]);
  return next.state;
}

/** Takes steps on the quadratic, and checks the state after each. */
async function simulated(engine: Engine, k: Kernels, steps: number, optimizer: Optimizer): Promise<Outcome> {
  let state = start(k, optimizer, true);
  let [rule, overflows, growths]: [LossScaleState, number, number] = [{ S: 2 ** 16, n: 0, s: 0 }, 0, 0];
  let before = await numbersOf(engine, keptOf(state));
  const round = engine.precision === "f32" ? Math.fround : Number;
  const outcome = (broken: string | null): Outcome => {
    const weights = [...(before.get("params.w") ?? []), ...(before.get("params.b") ?? [])];
    return { broken, end: before, overflows, growths, off: Math.max(...weights.map((w) => Math.abs(w - GOAL))) };
  };

  for (let step = 0; step < steps; step++) {
    const slopes = ["params.w", "params.b"].flatMap((name) => before.get(name) ?? []).map((w) => round(w - GOAL));
    const overflow = !Number.isFinite(factorOf(step)) || slopes.some((slope) => Math.abs(slope) * rule.S > HALF_MAX);
    state = stepped(engine, k, state, optimizer, factorOf(step));

    const after = await numbersOf(engine, keptOf(state));
    if ([...after.values()].flat().some((x) => !Number.isFinite(x))) return outcome(`step ${step}: a number that is not finite`);
    if (overflow && [...before].some(([name, old]) => old.some((x, i) => !Object.is(x, after.get(name)?.[i]))))
      return outcome(`step ${step}: an overflow changed something`);
    if (!overflow && before.get("buffers")?.[0] === after.get("buffers")?.[0]) return outcome(`step ${step}: a finite step was skipped`);
    const from = rule.S;
    rule = lossScale(rule, overflow);
    const { scale = [], clean = [], skipped = [] } = Object.fromEntries(await numbersOf(engine, state.lossScale));
    const [is, should] = [[scale[0], clean[0], skipped[0]].join(), [rule.S, rule.n, rule.s].join()];
    if (is !== should) return outcome(`step ${step}: the scale is ${is}, by the rule ${should}`);
    overflows += Number(overflow);
    growths += Number(rule.S > from);
    before = after;
  }
  engine.release(state);
  return outcome(null);
}

const whole = engines.filter(({ large }) => large);

describe.each(whole)("on the $name engine", ({ make }) => {
  it.each([
    [10_000, ADAMW],
    [4500, SGD],
  ])("%i steps train through overflows, and the scale follows torch's rule", { timeout: 120_000 }, async (steps, optimizer) => {
    const engine = await make();
    const { broken, overflows, growths, off } = await simulated(engine, engine.kernels, steps, optimizer);
    expect(broken).toBe(null);
    expect(overflows).toBeGreaterThan(10);
    expect(growths).toBeGreaterThan(0);
    expect(off).toBeLessThan(1e-3);
    expect(engine.memory().live).toBe(0);
  });
});

it.each(engines)("skipped steps leave the state bitwise identical to a run without them: $name", async ({ make }) => {
  const engine = await make();
  const k = engine.kernels;
  const { broken, overflows, end } = await simulated(engine, k, FIRST, ADAMW);
  expect([broken, overflows]).toEqual([null, 10]);
  let state = start(k, ADAMW, false);
  for (let step = overflows; step < FIRST; step++) state = stepped(engine, k, state, ADAMW, 1);
  expect(await numbersOf(engine, keptOf(state))).toEqual(end);
});

describe("a planted error is noticed:", () => {
  const right = (k: Kernels): Kernels => unfused(k);
  it.each<[string, readonly [object, object], Optimizer, RegExp]>([
    [
      "AdamW that takes every step",
      fuse(adamwLeaf, { name: "adamw", run: (k, inputs, attrs) => adamwLeaf.run(right(k), { ...inputs, finite: null }, attrs) }),
      ADAMW,
      /^step 0: a number that is not finite$/,
    ],
    [
      "SGD that takes every step",
      fuse(sgdLeaf, { name: "sgd", run: (k, inputs, attrs) => sgdLeaf.run(right(k), { ...inputs, finite: null }, attrs) }),
      SGD,
      /^step 0: a number that is not finite$/,
    ],
    [
      "an average that is also updated in skipped steps",
      fuse(emaLeaf, { name: "ema", run: (k, inputs, attrs) => emaLeaf.run(right(k), { ...inputs, finite: null }, attrs) }),
      ADAMW,
      /^step \d+: an overflow changed something$/,
    ],
    [
      "a count that an overflow does not reset",
      fuse(nextLossScale, {
        name: "lossScale",
        run: (k, inputs) => {
          const continued = k.addScalar(inputs.clean, 1);
          const next = nextLossScale.run(right(k), inputs);
          return { ...next, clean: k.where(inputs.finite, next.clean, continued) };
        },
      }),
      ADAMW,
      /^step 0: the scale is 32768,1,1, by the rule 32768,0,1$/,
    ],
    [
      "a scale that never grows",
      fuse(nextLossScale, {
        name: "lossScale",
        run: (k, inputs) => {
          const most = k.scale(inputs.scale, 1);
          const { scale, ...next } = nextLossScale.run(right(k), inputs);
          return { ...next, scale: k.where(k.step(k.sub(scale, most)), most, scale) };
        },
      }),
      ADAMW,
      /^step \d{4}: the scale is/,
    ],
  ])("%s", async (_, planted, optimizer, message) => {
    const engine = await (whole[0]?.make() ?? Promise.reject(new Error("no engine")));
    const k = engine.kernels.within({ fused: fusedTable(planted) });
    expect((await simulated(engine, k, 4500, optimizer)).broken).toMatch(message);
  });
});
