/** One row an op: all laws that any op owes, on a call drawn by its subject. */
import { laws, worstLaw, type Law } from "../../check/laws/laws.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Subject } from "../../check/laws/subject.ts";
import { tolerances } from "../../check/tolerance.ts";

/** The error is the largest share that a law uses of its own tolerance, in units of that of gradients. */
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

/** In the order of their names; subjects of one name, such as variants of an op, share a row. */
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
