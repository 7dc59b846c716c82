/** Formats a verification as lines of text. */
import { figure, used } from "../report/verification/figures.ts";
import { show } from "../tensor/tensor.ts";
import type { StepExplanation } from "../recording/explain/explanation.ts";
import type { Verdict, Verification } from "../recording/verify.ts";
import { coloured, table, type Align } from "./output.ts";

const MOST = 12;

const HEAD = ["tensor", "compared", "worst at", "recorded", "right", "error", "of tolerance"];
const ALIGN: readonly Align[] = ["left", "left", "left", "right", "right", "right", "right"];

function row(verdict: Verdict, name: string): readonly string[] {
  const { local, worstIndex, actual, expected, error, tolerance } = verdict;
  return [
    name,
    local ? "locally" : "end to end",
    show(worstIndex),
    figure(actual),
    figure(expected),
    error.toExponential(1),
    used(error, tolerance.bound),
  ];
}

/** The kind of a tensor: `taps`, `loss`, `cotangents`, `grads` or `after`. */
const kindOf = ({ name }: Verdict): string => name.split("/")[0] ?? name;

const worstFirst = (a: Verdict, b: Verdict): number => b.error / b.tolerance.bound - a.error / a.tolerance.bound;

/** The worst tensor of each kind, and how many there are. */
function summaryRows(tensors: readonly Verdict[]): readonly (readonly string[])[] {
  return [...new Set(tensors.map(kindOf))].flatMap((kind) => {
    const own = tensors.filter((verdict) => kindOf(verdict) === kind);
    const [worst] = own.toSorted(worstFirst);
    return worst === undefined ? [] : [row(worst, own.length === 1 ? worst.name : `${worst.name} (worst of ${own.length})`)];
  });
}

/** The other steps that are wrong locally. */
function otherLines(explanations: readonly StepExplanation[], first: string): readonly string[] {
  const others = explanations.filter(({ at }) => at !== first);
  const where = ({ at, count }: StepExplanation): string => `${at}${count > 1 ? ` (in ${count} blocks)` : ""}`;
  const shown = others
    .slice(0, MOST)
    .map((entry) => `  also wrong: ${where(entry)}: ${entry.variant === null ? "" : `${entry.variant}: `}${entry.text}`);
  return others.length > MOST ? [...shown, `  and ${others.length - MOST} more steps`] : shown;
}

/** The first wrong tensor, why it is wrong, and the other wrong steps. */
function mismatchLines({ tensors, first, findings, explanations }: Verification): readonly string[] {
  if (first === null || findings === null) return [];
  const { explanation, candidates, hints } = findings;
  const wrong = tensors.filter(({ ok }) => !ok);
  const why =
    explanation === null
      ? candidates.length === 0
        ? ["no known variant gives these values"]
        : [`several known variants give these values: ${candidates.join(", ")}`]
      : [
          `${explanation.variant}: ${explanation.text}`,
          `this reproduces the recorded values to ${explanation.residual.toExponential(1)} of their scale`,
        ];
  return [
    coloured(`mismatch: first at ${first.name}`, "red") +
      (first.local ? ", from the recording's own values before it" : ", from the images on"),
    ...why.map((line) => `  ${line}`),
    ...hints.map((hint) => `  hint: ${hint}`),
    ...otherLines(explanations, first.name),
    ...(wrong.length > 1 ? [`  ${wrong.length} of ${tensors.length} tensors are wrong`] : []),
  ];
}

/** The table, then the verdict. */
export function verificationLines(verification: Verification, all: boolean): readonly string[] {
  const { tensors, match, engine, first } = verification;
  const wrong = tensors.filter(({ ok }) => !ok);
  const others = wrong.slice(0, MOST).map((verdict) => row(verdict, `${verdict.name}${verdict === first ? "  ← first" : ""}`));
  const rows = all ? tensors.map((verdict) => row(verdict, verdict.name)) : match ? summaryRows(tensors) : others;
  const verdict = match
    ? [coloured(`match: all ${tensors.length} tensors are within their tolerance`, "green") + ` (engine ${engine})`]
    : mismatchLines(verification);
  return [...table([HEAD, ...rows], ALIGN), "", ...verdict];
}
