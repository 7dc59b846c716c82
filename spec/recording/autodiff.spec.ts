/** The VJP that follows from a formula: for a right step it equals the hand-written one, for a wrong step it is the derivative of the wrong formula. */
import { describe, expect, it } from "vitest";
import { compare } from "../../src/check/close.ts";
import { drawOf, type Draw } from "../../src/check/draw.ts";
import { evaluate, hostArray, upload, type HostArray, type Leaves } from "../../src/check/host.ts";
import { referenceBounds, tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { parameterShapes } from "../../src/model/params.ts";
import { vjpOf } from "../../src/recording/steps/autodiff.ts";
import { fitsStep, rightHypothesis, supposing, unitsOf } from "../../src/recording/steps/hypothesis.ts";
import type { Recording } from "../../src/recording/format/read.ts";
import { tensorSpecsOf } from "../../src/recording/format/tensorSpecs.ts";
import type { StepInputs } from "../../src/recording/steps/stepOps.ts";
import { stepsOf, type Step } from "../../src/recording/steps/steps.ts";
import { catalogue } from "../../src/recording/variants/catalogue.ts";
import type { StepVariant } from "../../src/recording/variants/variant.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { drawnRecording } from "./drawn.ts";

const engine = referenceEngine();
const CASES = 6;

interface HostInputs {
  readonly taps: readonly HostArray[];
  readonly weights: readonly HostArray[];
}

/** Normal numbers for what a step reads; nothing at the kink of ReLU. */
function drawnInputs(draw: Draw, recording: Recording, { reads, weights }: Step): HostInputs {
  const slots = tensorSpecsOf(recording.configuration, recording.batch);
  const shapes = parameterShapes(recording.configuration.model);
  const shapeOf = (read: string): readonly number[] => slots.get(read === "images" ? "grads/images" : `taps/${read}`)?.shape ?? [];
  const away = ({ shape, data }: HostArray): HostArray => ({ shape, data: data.map((x) => (Math.abs(x) < 0.01 ? 0.01 : x)) });
  return {
    taps: reads.map((read) => away(draw.array(shapeOf(read)))),
    weights: weights.map((name) => draw.array(shapes.get(name) ?? [], { mean: 0.5, deviation: 0.4 })),
  };
}

async function outputOf(step: Step, inputs: HostInputs): Promise<HostArray> {
  const leaves = await evaluate(engine, (k) => ({ out: step.forward(k, upload<StepInputs>(k, inputs)) }));
  return leaves.get("out") ?? { shape: [], data: new Float64Array() };
}

const leavesOf = ({ taps, weights }: HostInputs): readonly HostArray[] => [...taps, ...weights];
const inner = (a: HostArray, b: HostArray): number => a.data.reduce((sum, x, i) => sum + x * (b.data[i] ?? NaN), 0);

function moved({ taps, weights }: HostInputs, direction: readonly HostArray[], by: number): HostInputs {
  const move = ({ shape, data }: HostArray, i: number): HostArray => ({
    shape,
    data: data.map((x, j) => x + by * (direction[i]?.data[j] ?? NaN)),
  });
  return { taps: taps.map(move), weights: weights.map((w, i) => move(w, taps.length + i)) };
}

const H = 1e-4;

/** The difference of ⟨ȳ, J v⟩, by the 4-point stencil, and ⟨Jᵀ ȳ, v⟩, as a share of the sum of the absolute terms of the latter. */
async function slopeGap(draw: Draw, step: Step, inputs: HostInputs): Promise<number> {
  const y = await outputOf(step, inputs);
  const dy = draw.array(y.shape);
  const direction = leavesOf(inputs).map(({ shape }) => draw.array(shape, { deviation: 0.1 }));
  const along = async (by: number): Promise<number> => inner(dy, await outputOf(step, moved(inputs, direction, by * H)));
  const slope = (8 * ((await along(1)) - (await along(-1))) - ((await along(2)) - (await along(-2)))) / (12 * H);
  const back: Leaves = await evaluate(engine, (k) => step.vjp(k, upload<StepInputs>(k, inputs), k.upload(dy.shape, dy.data)));
  const gradients = [...inputs.taps.map((_, i) => back.get(`taps.${i}`)), ...inputs.weights.map((_, i) => back.get(`weights.${i}`))];
  const terms = gradients.map((g, i) => (g === undefined ? NaN : inner(g, direction[i] ?? g)));
  const scale = gradients.reduce(
    (sum, g, i) => sum + (g?.data.reduce((s, x, j) => s + Math.abs(x * (direction[i]?.data[j] ?? 0)), 0) ?? NaN),
    0,
  );
  return Math.abs(terms.reduce((a, b) => a + b, 0) - slope) / Math.max(scale, 1);
}

const isFormula = (variant: (typeof catalogue)[number]): variant is StepVariant => variant.part === "forward" || variant.part === "loss";
const formulas = catalogue.filter(isFormula);

describe("the VJP that follows from a formula", () => {
  it.each(Array.from({ length: CASES }, (_, i) => i))("equals the hand-written one for every step of the network (case %i)", async (i) => {
    const draw = drawOf(fold(keyOf(41), i), "f64");
    const recording = await drawnRecording(draw, engine);
    for (const step of stepsOf(recording)) {
      const inputs = drawnInputs(draw, recording, step);
      const { shape } = await outputOf(step, inputs);
      const dy = step.tap === "loss" ? { shape, data: Float64Array.of(1) } : draw.array(shape); // the loss's own cotangent is 1
      const [own, derived] = await Promise.all(
        [step.vjp, undefined].map((vjp) =>
          evaluate(engine, (k) => {
            const { taps, weights } = upload<StepInputs>(k, inputs);
            const dOut = k.upload(dy.shape, dy.data);
            if (vjp !== undefined) return [...vjp(k, { taps, weights }, dOut).taps, ...vjp(k, { taps, weights }, dOut).weights];
            return vjpOf(k, (inner_) => step.forward(inner_, { taps, weights }), [...taps, ...weights], dOut);
          }),
        ),
      );
      const gaps = [...(own ?? [])].map(([name, array]) => ({
        name,
        error: compare(derived?.get(name) ?? hostArray([0], []), array).error,
      }));
      expect(gaps.filter(({ error }) => !(error <= referenceBounds.parity.bound))).toEqual([]);
    }
  });

  it.each(formulas.map((variant, i) => ({ name: variant.name, variant, i })))(
    "is the slope of the wrong one: $name",
    async ({ variant, i }) => {
      let tried = 0;
      for (let seed = 0; tried < 2 && seed < 40; seed++) {
        const draw = drawOf(fold(fold(keyOf(43), i), seed), "f64");
        const recording = await drawnRecording(draw, engine);
        const right = rightHypothesis(recording);
        const unit = unitsOf(variant, right).at(-1);
        const wrong = unit === undefined ? null : supposing(recording, right, right, variant, new Set(unit));
        const steps = wrong?.steps.filter(({ tap }) => fitsStep(variant, tap) && unit?.includes(tap)) ?? [];
        if (steps.length > 0) tried++;
        const gaps = await Promise.all(
          steps.map(async (step) => ({ tap: step.tap, gap: await slopeGap(draw, step, drawnInputs(draw, recording, step)) })),
        );
        expect(gaps.filter(({ gap }) => !(gap <= tolerances.gradients.f64.bound))).toEqual([]);
      }
      expect(tried).toBe(2);
    },
  );
});
