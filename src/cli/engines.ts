/** `deit engines`, and the engine that a command asks for. */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { referenceEngine } from "../engines/reference/engine.ts";
import { hasRelaxedSimd, hasSimd } from "../engines/wasm/features.ts";
import type { Engine } from "../kernels/engine.ts";
import { wasmEngine } from "../wasm.ts";
import { withExamples, withJson, type EngineOptions, type JsonOption } from "./options.ts";
import { print, printJson, table } from "./output.ts";

interface EngineReport {
  readonly name: string;
  readonly available: boolean;
  /** Why it is not available. */
  readonly reason?: string;
  readonly features: readonly string[];
}

const COMES_LATER = "comes with a later release";

const NO_SIMD = "needs SIMD, which this host lacks";
const NO_RELAXED_SIMD = "needs relaxed SIMD: Node 22, or node --experimental-wasm-relaxed-simd";

const availableIf = (holds: boolean, reason: string): Pick<EngineReport, "available" | "reason"> =>
  holds ? { available: true } : { available: false, reason };

/** What this Node offers to each engine. */
function reports(): readonly EngineReport[] {
  const threads = typeof SharedArrayBuffer === "undefined" ? "1 thread" : `up to ${availableParallelism()} threads`;
  const gpu = "navigator" in globalThis && "gpu" in globalThis.navigator ? "an adapter interface" : "no adapter interface";
  return [
    { name: "reference", available: true, features: ["f64", "1 thread", "the plainest loops"] },
    { name: "wasm", ...availableIf(hasSimd(), NO_SIMD), features: ["f32", threads, hasSimd() ? "SIMD" : "no SIMD"] },
    {
      name: "wasm-fma",
      ...availableIf(hasRelaxedSimd(), NO_RELAXED_SIMD),
      features: ["f32", threads, hasRelaxedSimd() ? "relaxed SIMD" : "no relaxed SIMD"],
    },
    { name: "webgpu", available: false, reason: COMES_LATER, features: [gpu] },
  ];
}

/**
 * The engine of that name.
 *
 * @throws RangeError for an unknown name, one that cannot run here, or more threads than it has
 */
export async function engineOf({ engine: name, threads }: EngineOptions): Promise<Engine> {
  const report = reports().find((r) => r.name === name);
  if (report === undefined) throw new RangeError(`unknown engine ${name}; known: ${reports().map((r) => r.name).join(", ")}`); // prettier-ignore
  if (!report.available) throw new RangeError(`engine ${name} cannot run here: it ${report.reason}; --engine reference can`);
  if (name !== "reference") return wasmEngine({ build: name === "wasm-fma" ? "fma" : "release", threads });
  if (threads > 1) throw new RangeError(`--threads ${threads}: the ${name} engine works on one thread; --threads 1 would be right`);
  return referenceEngine();
}

function run({ json }: JsonOption): void {
  const engines = reports();
  if (json === true) return printJson({ engines });
  const rows = engines.map((e) => [e.name, e.available ? "yes" : `no: ${e.reason}`, e.features.join(", ")]);
  for (const line of table([["engine", "runs here", "features"], ...rows], ["left", "left", "left"])) print(line);
}

export function addEngines(program: Command): void {
  const command = withJson(program.command("engines").description("which engines run here, and why not"));
  withExamples(command, [["deit engines", "as a table"], ["deit engines --json", "for a script"]]).action(run); // prettier-ignore
}
