/** The whole bundled recipe on SwiftShader: the teacher and the distilled DeiT are as good as those of the WASM engine. In `test:long`. */
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
 * Rounding alone makes two trainings diverge, as another seed does. An accuracy of 0.96 on 360 images has a standard deviation of √(0.96·0.04/360) = 1.0
 * points, and the difference of two such has 1.5: a model that is worse by more than twice that is worse in truth.
 */
const POINTS = 0.03;
/** Timeout in ms. */
const UNHURRIED = 3_000_000;

const isTrained = (value: unknown): value is Trained =>
  typeof value === "object" && value !== null && "teacher" in value && "student" in value;

function trained(engine: string): Trained {
  const output = json(["train", "digits", "--engine", engine, "--out", join(temporaryFolder(), engine)]);
  if (!isTrained(output)) throw new Error(`not the result of a training: ${JSON.stringify(output)}`);
  return output;
}

it(
  "training on the digits is as good on webgpu as on wasm",
  { skip: process.env["DEIT_LONG"] !== "1" || whyNoGpu !== null, timeout: UNHURRIED },
  () => {
    const [onWebgpu, onWasm] = [trained("webgpu"), trained("wasm")];
    const top1 = ({ teacher, student }: Trained): readonly number[] => [teacher.top1, student["softmax-sum"].top1];
    console.log(`top-1 of teacher and student: webgpu ${top1(onWebgpu).join(", ")}; wasm ${top1(onWasm).join(", ")}`);
    for (const [i, rate] of top1(onWebgpu).entries()) expect(rate).toBeGreaterThan((top1(onWasm)[i] ?? NaN) - POINTS);
  },
);
