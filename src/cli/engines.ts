/** `deit engines`, and the engine that a command asks for. */
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { referenceEngine } from "../engines/reference/engine.ts";
import { hasRelaxedSimd, hasSimd } from "../engines/wasm/features.ts";
import type { About, AboutAdapter } from "../gpu/about.ts";
import { featureNames } from "../gpu/request.ts";
import type { Engine } from "../kernels/engine.ts";
import { wasmEngine } from "../wasm.ts";
import { gpuEngine } from "./processes/gpu.ts";
import { adapterOption, withExamples, withJson, type AdapterOption, type EngineOptions, type JsonOption } from "./options.ts";
import { grouped, messageOf, print, printJson, table } from "./output.ts";
import { cannotRun, probe } from "./processes/probe.ts";

interface EngineReport extends Partial<About> {
  readonly name: string;
  readonly available: boolean;
  /** Why it is not available: it … */
  readonly reason?: string;
  readonly features: readonly string[];
}

const WEBGPU = "webgpu";

const NO_SIMD = "needs SIMD, which this host lacks";
const NO_RELAXED_SIMD = "needs relaxed SIMD: Node 22, or node --experimental-wasm-relaxed-simd";

const availableIf = (holds: boolean, reason: string): Pick<EngineReport, "available" | "reason"> =>
  holds ? { available: true } : { available: false, reason };

/** What this Node offers to the engines that need no adapter. */
function ownReports(): readonly EngineReport[] {
  const threads = typeof SharedArrayBuffer === "undefined" ? "1 thread" : `up to ${availableParallelism()} threads`;
  return [
    { name: "reference", available: true, features: ["f64", "1 thread", "the plainest loops"] },
    { name: "wasm", ...availableIf(hasSimd(), NO_SIMD), features: ["f32", threads, hasSimd() ? "SIMD" : "no SIMD"] },
    {
      name: "wasm-fma",
      ...availableIf(hasRelaxedSimd(), NO_RELAXED_SIMD),
      features: ["f32", threads, hasRelaxedSimd() ? "relaxed SIMD" : "no relaxed SIMD"],
    },
  ];
}

/** What an adapter offers. */
async function gpuReport(options: AdapterOption): Promise<EngineReport> {
  try {
    const { about } = await probe(options);
    const { backend, software, features } = about.adapter;
    return { name: WEBGPU, available: true, features: ["f32", backend, ...(software ? ["on the processor"] : []), ...features], ...about };
  } catch (error) {
    return { name: WEBGPU, available: false, reason: messageOf(error), features: ["f32"] };
  }
}

/** @throws RangeError for what is wrong with these options whatever adapters there are */
function checkOptions({ engine: name, threads, adapter, defaultLimits, gpuMemory, tensorCores, precision }: EngineOptions): void {
  const own = ownReports();
  const known = [...own.map((report) => report.name), WEBGPU];
  if (!known.includes(name)) throw new RangeError(`unknown engine ${name}; known: ${known.join(", ")}`);
  const reason = own.find((report) => report.name === name)?.reason;
  if (reason !== undefined) throw cannotRun(name, reason);
  if (threads > 1 && !name.startsWith("wasm"))
    throw new RangeError(`--threads ${threads}: the ${name} engine works on one thread; --threads 1 would be right`);
  const vain = Object.entries({
    adapter,
    "default-limits": defaultLimits,
    "gpu-memory": gpuMemory,
    "tensor-cores": tensorCores,
    precision,
  }).find(([, value]) => value !== undefined);
  if (vain !== undefined && name !== WEBGPU)
    throw new RangeError(`--${vain[0]} says nothing to the ${name} engine; --engine ${WEBGPU} has it`);
}

/**
 * Whether there can be such an engine.
 *
 * @throws RangeError as `engineOf` does
 */
export async function checkEngine(options: EngineOptions): Promise<void> {
  checkOptions(options);
  if (options.engine !== WEBGPU) return;
  const { reason } = await gpuReport(options);
  if (reason !== undefined) throw cannotRun(WEBGPU, reason);
}

/**
 * The engine of that name.
 *
 * @throws RangeError for an unknown name, one that cannot run here, more threads than it has, or an option of another engine
 */
export async function engineOf(options: EngineOptions): Promise<Engine> {
  checkOptions(options);
  const { engine: name, threads } = options;
  if (name === "reference") return referenceEngine();
  if (name.startsWith("wasm")) return wasmEngine({ build: name === "wasm-fma" ? "fma" : "release", threads });
  try {
    return await gpuEngine(options);
  } catch (error) {
    throw cannotRun(name, messageOf(error));
  }
}

/** What a table of engines has no room for. */
function printAdapter({ name, backend, vendor, architecture, device, description, software, limits, features }: AboutAdapter): void {
  print(`\n${WEBGPU} on ${name} (${backend}${software ? ", a program: it computes on the processor" : ""})`);
  const rows = [
    ["  vendor", vendor],
    ["  architecture", architecture],
    ["  device", device],
    ["  driver", description],
    ["  has", features.join(", ")],
    ["  lacks", featureNames.filter((feature) => !features.includes(feature)).join(", ")],
    ...Object.entries(limits).map(([limit, value]) => [`  ${limit}`, grouped(value)]),
  ];
  for (const line of table(rows, ["left", "left"])) print(line);
}

async function run({ json, ...options }: AdapterOption & JsonOption): Promise<void> {
  const gpu = await gpuReport(options);
  const engines = [...ownReports(), gpu];
  if (json === true) return printJson({ engines });
  const rows = engines.map((e) => [e.name, e.available ? "yes" : `no: it ${e.reason}`, e.features.join(", ")]);
  for (const line of table([["engine", "runs here", "features"], ...rows], ["left", "left", "left"])) print(line);
  const { adapter, adapters = [] } = gpu;
  if (adapter !== undefined) printAdapter(adapter);
  for (const { name, backend } of adapters.slice(1)) print(`--adapter "${name}" would take that one (${backend})`);
}

export function addEngines(program: Command): void {
  const command = program.command("engines").description("which engines run here, and why not").addOption(adapterOption());
  withExamples(withJson(command), [
    ["deit engines", "as a table, and what the GPU is"],
    ["deit engines --adapter vulkan", "a GPU by its backend, or part of its name"],
    ["deit engines --json", "for a script"],
  ]).action(run);
}
