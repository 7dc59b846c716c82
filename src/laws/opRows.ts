/** One row an op: all laws that any op owes, on a call drawn by its subject. */
import { laws, worstLaw } from "../check/laws.ts";
import type { Row } from "../check/row.ts";
import type { Subject } from "../check/subject.ts";
import { tolerances } from "../check/tolerance.ts";

const TITLE = laws.map((law) => law.name).join(", ");

/** The error is the largest share that a law uses of its own tolerance, in units of the directional one. */
const opRow = (name: string, subjects: readonly Subject[]): Row => ({
  id: `op/${name}`,
  title: TITLE,
  tolerance: tolerances.directional,
  error: async (engine, draw) => {
    let worst = 0;
    for (const subject of subjects) worst = Math.max(worst, (await worstLaw(subject, engine, draw)).share);
    return worst * tolerances.directional.bound;
  },
});

/** In the order of their names; subjects of one name, such as variants of an op, share a row. */
export function opRows(subjects: readonly Subject[]): readonly Row[] {
  const names = [...new Set(subjects.map(({ name }) => name))].toSorted();
  return names.map((name) =>
    opRow(
      name,
      subjects.filter((subject) => subject.name === name),
    ),
  );
}
