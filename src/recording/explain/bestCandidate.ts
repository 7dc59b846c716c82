/** Decides which of several candidates is the explanation, if one is. */
import type { Candidate } from "./candidates.ts";
import { wrongNames } from "./state.ts";

/** The names of a candidate's variants. */
export const nameOf = ({ placed }: Candidate): string => placed.map(({ variant }) => variant.name).join(" and ");

/** Whether the tensors that a leaves wrong are some of those that b leaves wrong, and fewer. */
function leavesFewerWrong(a: Candidate, b: Candidate): boolean {
  const [ofA, ofB] = [wrongNames(a.state), new Set(wrongNames(b.state))];
  return ofA.length < ofB.size && ofA.every((name) => ofB.has(name));
}

/** The only candidate, or the one that explains more than every other; null: there is none. Candidates with the same names count as one. */
export function bestCandidate(candidates: readonly Candidate[]): Candidate | null {
  const best = candidates.filter((a) => !candidates.some((b) => leavesFewerWrong(b, a)));
  const [first] = best;
  return first === undefined || best.some((other) => nameOf(other) !== nameOf(first)) ? null : first;
}
