/** The bundled recipe, whole, on SwiftShader: a teacher and a distilled DeiT that are as good as those of the WASM engine. In `test:long`. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { json } from "../cli/deit.ts";
import { whyNoGpu } from "../helpers/gpu.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

interface Trained {
  readonly teacher: { readonly top1: number };
  readonly student: { readonly "softmax-sum": { readonly top1: number } };
}

/**
 * Rounding alone sends two trainings apart, as another seed does. A rate of 0.96 of 360 images has a deviation of √(0.96·0.04/360) = 1.0 points, so
 * a difference of two 1.5: a model that is worse by more than twice that is no accident.
 */
const POINTS = 0.03;
/** ms */
const UNHURRIED = 3_000_000;

const isTrained = (value: unknown): value is Trained =>
  typeof value === "object" && value !== null && "teacher" in value && "student" in value;

function trained(engine: string): Trained {
  const told = json(["train", "digits", "--engine", engine, "--out", join(temporaryFolder(), engine)]);
  if (!isTrained(told)) throw new Error(`no result of a training: ${JSON.stringify(told)}`);
  return told;
}

it(
  "digits are learned on webgpu as well as on wasm",
  { skip: process.env["DEIT_LONG"] !== "1" || whyNoGpu !== null, timeout: UNHURRIED },
  () => {
    const [onWebgpu, onWasm] = [trained("webgpu"), trained("wasm")];
    const top1 = ({ teacher, student }: Trained): readonly number[] => [teacher.top1, student["softmax-sum"].top1];
    console.log(`top-1 of teacher and student: webgpu ${top1(onWebgpu).join(", ")}; wasm ${top1(onWasm).join(", ")}`);
    for (const [i, rate] of top1(onWebgpu).entries()) expect(rate).toBeGreaterThan((top1(onWasm)[i] ?? NaN) - POINTS);
  },
);
