/** The error of a gradient check, and its text. */
import { show } from "../../tensor/tensor.ts";
import type { Arrays } from "./differentiable.ts";
import type { Fault, FaultKind, Finding } from "./fault.ts";
import type { HostArray } from "../host.ts";

/** Identifies a case: the same seed and path draw it again. */
export interface Replay {
  /** The seed from which the cases were drawn. */
  readonly seed: number;
  /** fast-check's path to the shrunk case; null if the check failed before it drew a case. */
  readonly path: string | null;
}

/** A gradient is wrong, or cannot be compared. The fields say what is wrong and where. */
export class GradientError extends Error {
  /** `GradientError`. */
  override readonly name = "GradientError";
  /** What is wrong: `gradient`, `shape`, `kink`, `threw` and so on. */
  readonly kind: FaultKind;
  /** The input at fault; null if it is no particular input. */
  readonly input: string | null;
  /** The index in the input, or in the output if the fault is there; null if it is no particular element. */
  readonly index: readonly number[] | null;
  /** The value by the hand-written gradient; NaN where there was no comparison. */
  readonly analytic: number;
  /** The value by finite differences; NaN where there was no comparison. */
  readonly numeric: number;
  /** The whole comparison; null where there was none. */
  readonly finding: Finding | null;
  /** The shrunk inputs that show the fault. */
  readonly inputs: Arrays;
  /** Together with `path`, draws the same case again. */
  readonly seed: number;
  /** fast-check's path to the shrunk case, to be used with `seed`; null if the check failed before it drew a case. */
  readonly path: string | null;
  constructor(message: string, { kind, input, index, finding, cause }: Fault, inputs: Arrays, { seed, path }: Replay) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.input = input;
    this.index = index;
    this.analytic = finding?.analytic ?? NaN;
    this.numeric = finding?.numeric ?? NaN;
    this.finding = finding;
    this.inputs = inputs;
    this.seed = seed;
    this.path = path;
  }
}

/** The message prints the shapes of a counterexample, and its numbers too if there are at most this many. */
const SHOWN = 24;
const DIGITS = 6;

function inputsText(inputs: Arrays): string {
  const count = Object.values(inputs).reduce((sum, { data }) => sum + data.length, 0);
  const text = ([name, { shape, data }]: [string, HostArray]): string =>
    `${name} ${show(shape)}${count <= SHOWN ? ` = ${Array.from(data, (x) => Number(x.toPrecision(DIGITS))).join(" ")}` : ""}`;
  return Object.entries(inputs).map(text).join("; ");
}

const whereOf = ({ input, index }: Finding): string => (index === null ? `${input} along a random direction` : `${input}${show(index)}`);

const short = (x: number): string => String(Number(x.toPrecision(DIGITS)));

/** `x[0, 2]: the gradient is 0.5, finite differences give 0.25 (relative error 0.5), tolerance 1e-7` */
export function offText(finding: Finding, tolerance: number): string {
  const { analytic, numeric, error, uncertainty } = finding;
  const uncertain = uncertainty > tolerance ? `, finite differences are uncertain by ${uncertainty.toPrecision(2)}` : "";
  const said = `the gradient is ${analytic}, finite differences give ${numeric} (relative error ${error.toPrecision(3)})`;
  return `${whereOf(finding)}: ${said}, tolerance ${tolerance}${uncertain}`;
}

/** `x[0]: kink: the slope is 0 from the left and 1 from the right, the gradient 0; draw inputs away from it` */
export function kinkText(finding: Finding, jumps: boolean): string {
  const { left, right, analytic } = finding;
  const what = jumps ? "the output jumps" : `the slope is ${short(left)} from the left and ${short(right)} from the right`;
  return `${whereOf(finding)}: kink: ${what}, so that no derivative exists for comparison with the gradient ${analytic}; draw inputs away from it, or set kinks: "count"`;
}

export function unresolvedText(finding: Finding, unresolved: number, comparisons: number): string {
  const { numeric, analytic, uncertainty } = finding;
  const most = `${unresolved} of ${comparisons} comparisons with ${finding.input} are hidden by rounding in forward`;
  return `${whereOf(finding)}: unresolved: ${most}; here finite differences give ${short(numeric)} for a gradient of ${analytic}, uncertain by ${uncertainty.toPrecision(2)} of it`;
}

/** `linear: w[3, 1]: …; seed 0, path "4:0:1", inputs: x [2, 2] = 1 2 3 4` */
export function gradientError(name: string, fault: Fault, inputs: Arrays, replay: Replay): GradientError {
  const path = replay.path === null ? "" : `, path ${JSON.stringify(replay.path)}`;
  const drawn = Object.keys(inputs).length === 0 ? "" : `; seed ${replay.seed}${path}, inputs: ${inputsText(inputs)}`;
  return new GradientError(`${name}: ${fault.message}${drawn}`, fault, inputs, replay);
}
