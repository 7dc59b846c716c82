/**
 * Exercises: the reader writes a function, and `deit/check` judges it against this project's op, with a counterexample if it is wrong.
 *
 *   gradient      vjp(inputs, dOut) of an op: every gradient against finite differences of the op's forward
 *   formula       forward(inputs): its values against the op's, and the op's gradient against finite differences of it
 *   values        forward(inputs) of a function that has no gradient: its values (valueExercise.ts)
 */
import { checkGradient, describe, evaluate, gap, GradientError, hostArray, type Arrays, type HostArray, type Leaves } from "deit/check";
import { referenceEngine } from "deit";
import fc from "fast-check";
import type { Example, SettableExample } from "./example.ts";
import { judgedValues, type ValueExercise } from "./valueExercise.ts";

/** An exercise on an op. */
export interface OpExercise {
  /** `CHAPTER/NAME`; the reader starts from `exercises/CHAPTER/NAME.js`. */
  readonly id: string;
  /** What the reader writes. */
  readonly kind: "gradient" | "formula";
  /** The right function, with the shapes of its inputs; its output is one array. */
  readonly example: Example;
  /** The reader's names of the inputs, each with its path in the op's; an input without a name stays as it is. */
  readonly names: Readonly<Record<string, string>>;
  /** Constants that the reader's function gets besides, such as targets. */
  readonly constants?: Arrays;
}

/** The settings of an example, as constants for the reader's function. */
export const constantsOf = ({ settings }: SettableExample): Arrays => Object.fromEntries(settings.values);
/** An exercise. */
export type Exercise = OpExercise | ValueExercise;

/** What came out: right, or what is wrong in one text with the counterexample. */
export type Judgement = { readonly right: true; readonly cases: number } | { readonly right: false; readonly why: string };

type Forward = (inputs: Arrays) => HostArray;
type Vjp = (inputs: Arrays, dOut: HostArray) => Arrays;

const isForward = (f: unknown): f is Forward => typeof f === "function";
const isVjp = (f: unknown): f is Vjp => typeof f === "function";

const CASES = 30;
/** The largest error of a value, relative to the largest of its array. */
const TOLERANCE = 1e-7;

const engine = referenceEngine();
const first = (leaves: Leaves): HostArray => [...leaves.values()][0] ?? hostArray([0], []);

/** The op's inputs from the reader's. */
const opInputs = ({ example, names }: OpExercise, inputs: Arrays): Leaves =>
  new Map([...example.inputs, ...Object.entries(names).map(([name, path]) => [path, inputs[name] ?? hostArray([0], [])] as const)]);

async function rightForward(exercise: OpExercise, inputs: Arrays): Promise<HostArray> {
  const trial = exercise.example.trial(opInputs(exercise, inputs));
  return first(await evaluate(engine, (k) => ({ out: trial.forward(k, new Map()).out })));
}

async function rightVjp(exercise: OpExercise, inputs: Arrays, dOut: HostArray): Promise<Arrays> {
  const trial = exercise.example.trial(opInputs(exercise, inputs));
  const gradients = await evaluate(engine, (k) => trial.gradients(k, () => dOut));
  return Object.fromEntries(Object.entries(exercise.names).map(([name, path]) => [name, gradients.get(path) ?? hostArray([0], [])]));
}

/** Digits of the numbers of a counterexample. */
const DIGITS = 5;

/** What is wrong, and the smallest inputs that show it, a line each. */
function whyOf(error: unknown, id: string): string {
  if (!(error instanceof GradientError)) return error instanceof Error ? error.message : String(error);
  const { cause, message, inputs } = error;
  const what = cause instanceof Error ? cause.message : message.slice(`${id}: `.length).replace(/; seed [^]*$/, "");
  const given = Object.entries(inputs).map(
    ([name, { shape, data }]) => `${name} [${shape.join(", ")}] = ${Array.from(data, (x) => Number(x.toPrecision(DIGITS))).join(" ")}`,
  );
  return [what, ...given].join("\n");
}

/** Judges what the reader's program exports. */
export async function judged(exercise: Exercise, answer: Readonly<Record<string, unknown>>): Promise<Judgement> {
  const { forward, vjp } = answer;
  if (exercise.kind === "values")
    return isForward(forward) ? judgedValues(exercise, forward) : { right: false, why: "the program must export a function forward" };
  const { id, kind, example, names, constants = {} } = exercise;
  if (kind === "gradient" ? !isVjp(vjp) : !isForward(forward))
    return { right: false, why: `the program must export a function ${kind === "gradient" ? "vjp" : "forward"}` };
  const shapes = Object.entries(names).map(([name, path]) => [name, example.inputs.get(path)?.shape ?? []] as const);
  const fixed = Object.entries(constants).map(([name, array]) => [name, fc.constant(array)] as const);
  try {
    const { cases } = await checkGradient({
      name: id,
      cases: CASES,
      inputs: Object.fromEntries([...shapes, ...fixed]),
      constants: Object.keys(constants),
      forward: async (inputs) => {
        const mine = await rightForward(exercise, inputs);
        if (!isForward(forward) || kind === "gradient") return mine;
        const yours = forward(inputs);
        if (gap(yours, mine) > TOLERANCE) throw new Error(describe("y", yours, mine, TOLERANCE));
        return yours;
      },
      vjp: (inputs, dOut) => (kind === "gradient" && isVjp(vjp) ? vjp(inputs, dOut) : rightVjp(exercise, inputs, dOut)),
    });
    return { right: true, cases };
  } catch (error) {
    return { right: false, why: whyOf(error, id) };
  }
}
