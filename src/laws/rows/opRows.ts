/** One row per op: all laws of ops, on a call that its subject draws. */
import { laws, worstLaw, type Law } from "../../check/laws/laws.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Subject } from "../../check/laws/subject.ts";
import { tolerances } from "../../check/tolerance.ts";

/** The error is the largest error of a law as a share of its own tolerance, times the tolerance of gradients. */
const opRow = (name: string, subjects: readonly Subject[], among: readonly Law[]): Row => ({
  id: `op/${name}`,
  title: among.map((law) => law.name).join(", "),
  tolerance: tolerances.gradients,
  error: async (engine, draw, reference) => {
    let worst = 0;
    for (const subject of subjects) worst = Math.max(worst, (await worstLaw(subject, { engine, reference }, draw, among)).share);
    return worst * tolerances.gradients[engine.precision].bound;
  },
});

/** The rows in the order of their names; subjects of the same name, such as variants of an op, share a row. */
export function opRows(subjects: readonly Subject[], among: readonly Law[] = laws): readonly Row[] {
  const names = [...new Set(subjects.map(({ name }) => name))].toSorted();
  return names.map((name) =>
    opRow(
      name,
      subjects.filter((subject) => subject.name === name),
      among,
    ),
  );
}
