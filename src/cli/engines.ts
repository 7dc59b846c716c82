/** `deit engines`, and the engine that a command asks for. */
import type { Command } from "commander";
import { referenceEngine } from "../engines/reference/engine.ts";
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

/** The smallest module with one SIMD instruction: `(func (result v128) i32.const 0 i8x16.splat)`. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
/** The same with relaxed SIMD: `(func (param v128 v128 v128) (result v128) … f32x4.relaxed_madd)`. */
const RELAXED = [0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11]; // prettier-ignore

const COMES_LATER = "comes with a later release";

const simd = (bytes: readonly number[], what: string): string => `${WebAssembly.validate(Uint8Array.from(bytes)) ? "" : "no "}${what}`;

/** Whether the kernels load here. */
const hasSimd = (): Pick<EngineReport, "available" | "reason"> =>
  WebAssembly.validate(Uint8Array.from(SIMD)) ? { available: true } : { available: false, reason: "needs SIMD, which this host lacks" };

/** What this Node offers to each engine. */
function reports(): readonly EngineReport[] {
  const threads = typeof SharedArrayBuffer === "undefined" ? "no shared memory" : "shared memory";
  const gpu = "navigator" in globalThis && "gpu" in globalThis.navigator ? "an adapter interface" : "no adapter interface";
  return [
    { name: "reference", available: true, features: ["f64", "1 thread", "the plainest loops"] },
    { name: "wasm", ...hasSimd(), features: ["f32", "1 thread", simd(SIMD, "SIMD"), threads] },
    { name: "wasm-fma", available: false, reason: COMES_LATER, features: [simd(RELAXED, "relaxed SIMD"), threads] },
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
  if (threads > 1) throw new RangeError(`--threads ${threads}: the ${name} engine works on one thread; --threads 1 would be right`);
  return name === "wasm" ? wasmEngine() : referenceEngine();
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
