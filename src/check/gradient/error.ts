/** The error of a gradient check, and its text. */
import { show } from "../../tensor/tensor.ts";
import type { Arrays } from "./differentiable.ts";
import type { Fault, FaultKind, Finding } from "./fault.ts";
import type { HostArray } from "../host.ts";

/** Which case it was: the same seed and path draw it again. */
export interface Replay {
  /** What the cases were drawn from. */
  readonly seed: number;
  /** fast-check's path to the shrunk case; null if the check never came to draw one. */
  readonly path: string | null;
}

/** A gradient is off, or cannot be compared. The fields say what and where. */
export class GradientError extends Error {
  /** `GradientError`. */
  override readonly name = "GradientError";
  /** What is wrong: `gradient`, `shape`, `kink`, `threw` and so on. */
  readonly kind: FaultKind;
  /** The input at fault; null where it is none in particular. */
  readonly input: string | null;
  /** The place in it (or, of a fault in the output, there); null where it is none in particular. */
  readonly index: readonly number[] | null;
  /** What the hand-written gradient says; NaN where there was no comparison. */
  readonly analytic: number;
  /** What finite differences give; NaN where there was no comparison. */
  readonly numeric: number;
  /** The whole comparison; null where there was none. */
  readonly finding: Finding | null;
  /** The inputs that show it, shrunk. */
  readonly inputs: Arrays;
  /** With `path`, draws the same case again. */
  readonly seed: number;
  /** With `seed`, fast-check's path to the shrunk case; null if the check never came to draw one. */
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

/** Counterexamples of more numbers are told by their shapes. */
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
  const open = uncertainty > tolerance ? `, finite differences are open to ${uncertainty.toPrecision(2)}` : "";
  const said = `the gradient is ${analytic}, finite differences give ${numeric} (relative error ${error.toPrecision(3)})`;
  return `${whereOf(finding)}: ${said}, tolerance ${tolerance}${open}`;
}

/** `x[0]: kink: the slope is 0 from the left and 1 from the right, the gradient 0; draw inputs away from it` */
export function kinkText(finding: Finding, jumps: boolean): string {
  const { left, right, analytic } = finding;
  const what = jumps ? "the output jumps" : `the slope is ${short(left)} from the left and ${short(right)} from the right`;
  return `${whereOf(finding)}: kink: ${what}, so that there is no derivative to hold the gradient ${analytic} to; draw inputs away from it, or set kinks: "count"`;
}

export function unresolvedText(finding: Finding, unresolved: number, comparisons: number): string {
  const { numeric, analytic, uncertainty } = finding;
  const most = `${unresolved} of ${comparisons} comparisons with ${finding.input} are hidden by rounding in forward`;
  return `${whereOf(finding)}: unresolved: ${most}; here finite differences give ${short(numeric)} for a gradient of ${analytic}, open to ${uncertainty.toPrecision(2)} of it`;
}

/** `linear: w[3, 1]: …; seed 0, path "4:0:1", inputs: x [2, 2] = 1 2 3 4` */
export function gradientError(name: string, fault: Fault, inputs: Arrays, replay: Replay): GradientError {
  const path = replay.path === null ? "" : `, path ${JSON.stringify(replay.path)}`;
  const drawn = Object.keys(inputs).length === 0 ? "" : `; seed ${replay.seed}${path}, inputs: ${inputsText(inputs)}`;
  return new GradientError(`${name}: ${fault.message}${drawn}`, fault, inputs, replay);
}
