/** Runs all rows of the build in the given folder, with few cases first. Prints the first row that fails, and then exits with 1. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [dist = "dist", seed = "0"] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(process.cwd(), dist, path)).href);

try {
  const { allRows } = await load("laws/rows.js");
  const { runRow } = await load("check/laws/row.js");
  const { referenceEngine } = await load("engines/reference/engine.js");
  const engine = referenceEngine();
  const engines = { engine, reference: engine };
  for (const cases of [1, 5, 30])
    for (const row of allRows) {
      const report = await runRow(row, engines, { cases, seed: Number(seed) });
      if (report.status === "off") {
        console.log(`${row.id} (${report.failure})`);
        process.exit(1);
      }
    }
} catch (error) {
  console.log(`does not run: ${String(error).split("\n")[0]}`);
  process.exit(1);
}
