/**
 * `npm run ulp [-- --engine NAME] [-- --cases N] [-- --points N] [-- --json]`: prints the errors of an engine by op and by function, and how much
 * of the tolerances they use. It asserts nothing; the laws do that.
 */
import { parseArgs } from "node:util";
import { print, printJson, table } from "../../src/cli/output.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { allSubjects } from "../../src/laws/cases/subjects.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { singleEngine } from "../helpers/singleEngine.ts";
import { functionErrors } from "./functions.ts";
import { opErrors, type OpError } from "./ops.ts";
import { sizedSubjects } from "./sized.ts";

const engines: { readonly [name: string]: () => Promise<Engine> } = {
  wasm: () => wasmEngine(),
  single: () => Promise.resolve(singleEngine()),
  reference: () => Promise.resolve(referenceEngine()),
};

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "wasm" },
    cases: { type: "string", default: "100" },
    points: { type: "string", default: "20000" },
    json: { type: "boolean", default: false },
  },
});
const make = engines[values.engine];
if (make === undefined) throw new RangeError(`--engine ${values.engine}: must be one of ${Object.keys(engines).join(", ")}`);
const measured = { engine: await make(), reference: referenceEngine() };

/** Cases of the large calls. */
const SIZED_CASES = 2;

const ops: OpError[] = [];
for (const [n, subject] of allSubjects.entries()) ops.push(...(await opErrors(subject, n, measured, Number(values.cases))));
for (const [n, subject] of sizedSubjects.entries()) ops.push(...(await opErrors(subject, n, measured, SIZED_CASES)));
const functions = await functionErrors(measured, Number(values.points));

const DIGITS = 2;
const number = (x: number): string => x.toPrecision(DIGITS);

if (values.json) printJson({ engine: measured.engine.name, cases: Number(values.cases), ops, functions });
else {
  const opLines = ops.map((e) => [e.op, e.what, e.worst.toExponential(1), e.ulps.toFixed(1), `${(100 * e.share).toFixed(1)} %`]);
  const heads = ["op", "of", "worst, of scale", "in ulps of the scale", "of the tolerance"];
  for (const line of table([heads, ...opLines], ["left", "left", "right", "right", "right"])) print(line);
  print("");
  const functionLines = functions.map((e) => [e.function, `${e.range[0]} … ${e.range[1]}`, number(e.worst), number(e.at)]);
  for (const line of table([["function", "range", "worst, in ulps", "at"], ...functionLines], ["left", "left", "right", "right"]))
    print(line);
}
