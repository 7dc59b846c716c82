/** Errors that are planted in an op, to test that its laws find them. */
import { expect, it } from "vitest";
import type { Engines } from "../../src/check/engines.ts";
import { laws } from "../../src/check/laws/laws.ts";
import { runRow } from "../../src/check/laws/row.ts";
import { opRows } from "../../src/laws/rows/opRows.ts";
import { allSubjects } from "../../src/laws/cases/subjects.ts";
import { fuse, fusedTable, withoutFusion } from "../../src/ops/observe.ts";
import type { Op } from "../../src/ops/op.ts";
import type { Suite } from "./engines.ts";

export interface PlantedError {
  /** The op, of which every call has the error. */
  readonly op: object;
  readonly name: string;
  /** A description: `the sum dropped from its VJP`. */
  readonly what: string;
  /** The functions that run instead of the op's. */
  readonly wrong: object;
}

type Formulas<In, Saved, Attrs, Out> = Partial<Pick<Op<In, Saved, Attrs, Out>, "forward" | "vjp">>;

/** The correct op, even where an error is planted in it, for errors that change a part of its result. It always saves. */
export const right = <In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>): Op<In, Saved, Attrs, Out> => ({
  name: op.name,
  forward: (k, inputs, attrs) => op.forward(withoutFusion(k, op).within({ saves: true }), inputs, attrs),
  vjp: (k, saved, dOut) => op.vjp(withoutFusion(k, op), saved, dOut),
});

/** An op whose forward or VJP has a wrong formula. */
export const planted = <In, Saved, Attrs, Out>(
  op: Op<In, Saved, Attrs, Out>,
  what: string,
  wrong: Formulas<In, Saved, Attrs, Out>,
): PlantedError => ({ op, name: op.name, what, wrong: { ...right(op), ...wrong } });

/** The same error in the op of this name that the laws use, for functions that make a new op at each call. */
export function inSubject(error: PlantedError): PlantedError {
  const subject = allSubjects.find(({ name }) => name === error.name);
  if (subject === undefined) throw new Error(`no subject ${error.name}`);
  return { ...error, op: subject.op };
}

/** The engines with the error planted in the engine under test, but not in the reference. */
export const enginesWith = ({ engine, reference }: Engines, { op, wrong }: Pick<PlantedError, "op" | "wrong">): Engines => ({
  engine: { ...engine, kernels: engine.kernels.within({ fused: fusedTable(fuse(op, wrong)) }) },
  reference,
});

/** All laws but parity: errors are planted as fused kernels, and that law would find each of them without any formula. */
const lawsOfFormulas = laws.filter(({ name }) => name !== "parity");

const CASES = 20;
const SEED = 17;

/** `op/softmax: off, case 3`, by the laws of the subjects of this name; `op` selects one where several share the name. */
async function verdict(engines: Engines, name: string, op?: object): Promise<string> {
  const subjects = allSubjects.filter((subject) => subject.name === name && (op === undefined || subject.op === op));
  const reports = await Promise.all(opRows(subjects, lawsOfFormulas).map((row) => runRow(row, engines, { cases: CASES, seed: SEED })));
  return reports.map(({ id, status, failure }) => `${id}: ${status}${failure === undefined ? "" : `, ${failure}`}`).join("; ");
}

/** The verdict on the op called `name` with the error planted; that may be another op, which contains the wrong one. */
export const verdictWith = (engines: Engines, error: PlantedError, name: string): Promise<string> =>
  verdict(enginesWith(engines, error), name, name === error.name ? error.op : undefined);

/** The verdict of a wrong number, not of an exception. */
export const rejected = (name: string): RegExp => new RegExp(`^op/${name}: off, case \\d+$`);

/** One test per error. */
export function eachIsCaught({ made }: Suite, errors: readonly PlantedError[]): void {
  it.each(errors.map((error) => [error.name, error.what, error] as const))("%s: %s is caught", async (name, _, error) => {
    expect(await verdictWith(await made, error, name)).toMatch(rejected(name));
  });
}

/** One test per op: on the same calls, the correct op passes. */
export function theRightOpsPass({ made }: Suite, errors: readonly PlantedError[]): void {
  it.each([...new Set(errors.map(({ name }) => name))])("%s passes without an error", async (name) => {
    expect(await verdict(await made, name)).toBe(`op/${name}: ok`);
  });
}
