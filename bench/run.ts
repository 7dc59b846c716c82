/** `npm run bench [-- NAME …]`: the medians of all benches, or of those whose name contains one of the words. No assertions here. */
import { Bench } from "tinybench";
import { referenceEngine } from "../src/engines/reference/engine.ts";
import { cases as attention } from "./ops/attention.bench.ts";
import { cases as gelu } from "./ops/gelu.bench.ts";
import { cases as layerNorm } from "./ops/layerNorm.bench.ts";
import { cases as linear } from "./ops/linear.bench.ts";
import { cases as softmax } from "./ops/softmax.bench.ts";

const words = process.argv.slice(2);
const all = [linear, layerNorm, softmax, gelu, attention].flatMap((cases) => cases(referenceEngine()));
const chosen = all.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));

const bench = new Bench({ time: 500, iterations: 15, warmupTime: 100, warmupIterations: 2 });
for (const { name, run } of chosen) bench.add(name, run);
await bench.run();

console.log("case".padEnd(40), "median ms".padStart(10), "min … 75 % ms".padStart(16), "GMAC/s".padStart(8));
for (const [i, { result }] of bench.tasks.entries()) {
  const { name = "", macs = 0 } = chosen[i] ?? {};
  if (result.state !== "completed") throw new Error(`bench ${name}: ${result.state}`);
  const { latency } = result;
  const spread = `${latency.min.toFixed(2)} … ${latency.p75.toFixed(2)}`;
  console.log(
    name.padEnd(40),
    latency.p50.toFixed(3).padStart(10),
    spread.padStart(16),
    (macs === 0 ? "" : (macs / latency.p50 / 1e6).toFixed(2)).padStart(8),
  );
}
