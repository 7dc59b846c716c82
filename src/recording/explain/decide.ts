/** Which of several candidates is the explanation, if one is. */
import type { Candidate } from "./candidates.ts";
import { wrongNames } from "./seen.ts";

/** The names of its variants. */
export const nameOf = ({ placed }: Candidate): string => placed.map(({ variant }) => variant.name).join(" and ");

/** Whether a leaves wrong less than b does: some of it, and nothing else. */
function leavesLess(a: Candidate, b: Candidate): boolean {
  const [ofA, ofB] = [wrongNames(a.state), new Set(wrongNames(b.state))];
  return ofA.length < ofB.size && ofA.every((name) => ofB.has(name));
}

/** The candidate that explains more than each of the others, or the only one; null if there is none such. Forms of one variant count as one. */
export function decided(candidates: readonly Candidate[]): Candidate | null {
  const best = candidates.filter((a) => !candidates.some((b) => leavesLess(b, a)));
  const [first] = best;
  return first === undefined || best.some((other) => nameOf(other) !== nameOf(first)) ? null : first;
}
