/** Errors that are planted in an op, to see that its laws reject it: the test of the tests. */
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
  /** Where it is planted: in every call of this op. */
  readonly op: object;
  readonly name: string;
  /** `the sum dropped from its pullback` */
  readonly what: string;
  /** What runs in the op's place. */
  readonly wrong: object;
}

type Formulas<In, Saved, Attrs, Out> = Partial<Pick<Op<In, Saved, Attrs, Out>, "forward" | "vjp">>;

/** The op by its own formulas also where an error is planted in it, for errors that change a part of its result; what it saves can be read. */
export const right = <In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>): Op<In, Saved, Attrs, Out> => ({
  name: op.name,
  forward: (k, inputs, attrs) => op.forward(withoutFusion(k, op).within({ saves: true }), inputs, attrs),
  vjp: (k, saved, dOut) => op.vjp(withoutFusion(k, op), saved, dOut),
});

/** An op with its forward or its pullback by other formulas. */
export const planted = <In, Saved, Attrs, Out>(
  op: Op<In, Saved, Attrs, Out>,
  what: string,
  wrong: Formulas<In, Saved, Attrs, Out>,
): PlantedError => ({ op, name: op.name, what, wrong: { ...right(op), ...wrong } });

/** The same error in that op of the same name which the laws try: for ops that are made anew at each call. */
export function inSubject(error: PlantedError): PlantedError {
  const subject = allSubjects.find(({ name }) => name === error.name);
  if (subject === undefined) throw new Error(`no subject ${error.name}`);
  return { ...error, op: subject.op };
}

/** The engine makes the error, the reference does not. */
export const enginesWith = ({ engine, reference }: Engines, { op, wrong }: Pick<PlantedError, "op" | "wrong">): Engines => ({
  engine: { ...engine, kernels: engine.kernels.within({ fused: fusedTable(fuse(op, wrong)) }) },
  reference,
});

/** Errors are planted as fused kernels, which the law of parity compares with their definition: it would find any, whatever the formula. */
const lawsOfFormulas = laws.filter(({ name }) => name !== "parity");

const CASES = 20;
const SEED = 17;

/** `op/softmax: off, case 3`: the laws of the subjects of this name, of the one op where several share the name. */
async function verdict(engines: Engines, name: string, op?: object): Promise<string> {
  const subjects = allSubjects.filter((subject) => subject.name === name && (op === undefined || subject.op === op));
  const reports = await Promise.all(opRows(subjects, lawsOfFormulas).map((row) => runRow(row, engines, { cases: CASES, seed: SEED })));
  return reports.map(({ id, status, failure }) => `${id}: ${status}${failure === undefined ? "" : `, ${failure}`}`).join("; ");
}

/** The verdict on the op called `name` while the error is made; it may be another op, which contains the one at fault. */
export const verdictWith = (engines: Engines, error: PlantedError, name: string): Promise<string> =>
  verdict(enginesWith(engines, error), name, name === error.name ? error.op : undefined);

/** The verdict that a number is off; nothing threw. */
export const rejected = (name: string): RegExp => new RegExp(`^op/${name}: off, case \\d+$`);

/** One test an error. */
export function eachIsCaught({ made }: Suite, errors: readonly PlantedError[]): void {
  it.each(errors.map((error) => [error.name, error.what, error] as const))("%s: %s is caught", async (name, _, error) => {
    expect(await verdictWith(await made, error, name)).toMatch(rejected(name));
  });
}

/** One test an op: on the same calls, the right op is not rejected. */
export function theRightOpsPass({ made }: Suite, errors: readonly PlantedError[]): void {
  it.each([...new Set(errors.map(({ name }) => name))])("%s passes without an error", async (name) => {
    expect(await verdict(await made, name)).toBe(`op/${name}: ok`);
  });
}
