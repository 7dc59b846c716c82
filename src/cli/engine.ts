/** The engines by name: which of them run here, and the one that a command's options choose. */
import { availableParallelism } from "node:os";
import { referenceEngine } from "../engines/reference/engine.ts";
import { hasRelaxedSimd, hasSimd } from "../engines/wasm/features.ts";
import type { Engine } from "../kernels/engine.ts";
import { wasmEngine } from "../wasm.ts";
import type { AdapterOption, EngineOptions } from "./options.ts";
import { messageOf } from "./output.ts";
import type { AboutGpu } from "./processes/gpuProbe.ts";
import { cannotRun, probe } from "./processes/probe.ts";

/** Whether an engine runs here. */
export interface EngineReport extends Partial<AboutGpu> {
  readonly name: string;
  readonly available: boolean;
  /** Why it is not available, as the end of a sentence that begins with "it". */
  readonly reason?: string;
  readonly features: readonly string[];
}

/** The engine that needs an adapter. */
export const WEBGPU = "webgpu";

const NO_SIMD = "needs SIMD, which this host lacks";
const NO_RELAXED_SIMD = "needs relaxed SIMD: Node 22, or node --experimental-wasm-relaxed-simd";

const availableIf = (holds: boolean, reason: string): Pick<EngineReport, "available" | "reason"> =>
  holds ? { available: true } : { available: false, reason };

/** The engines that run on the processor. */
export function processorReports(): readonly EngineReport[] {
  const threads = typeof SharedArrayBuffer === "undefined" ? "1 thread" : `up to ${availableParallelism()} threads`;
  return [
    { name: "reference", available: true, features: ["f64", "1 thread", "plain loops"] },
    { name: "wasm", ...availableIf(hasSimd(), NO_SIMD), features: ["f32", threads, hasSimd() ? "SIMD" : "no SIMD"] },
    {
      name: "wasm-fma",
      ...availableIf(hasRelaxedSimd(), NO_RELAXED_SIMD),
      features: ["f32", threads, hasRelaxedSimd() ? "relaxed SIMD" : "no relaxed SIMD"],
    },
  ];
}

/** The webgpu engine, on the adapter that the options choose. @param triesUnits whether its matrix units are tried */
export async function gpuReport(options: AdapterOption, triesUnits = false): Promise<EngineReport> {
  try {
    const { about } = await probe(options, triesUnits);
    const { backend, software, features } = about.adapter;
    return { name: WEBGPU, available: true, features: ["f32", backend, ...(software ? ["on the processor"] : []), ...features], ...about };
  } catch (error) {
    return { name: WEBGPU, available: false, reason: messageOf(error), features: ["f32"] };
  }
}

/** Checks the options without looking for adapters. @throws RangeError for an unknown engine, or options that do not fit it */
function checkOptions({
  engine: name,
  threads,
  adapter,
  defaultLimits,
  gpuMemory,
  gpuSlab,
  submitWork,
  tensorCores,
  unchecked,
  precision,
}: EngineOptions): void {
  const reports = processorReports();
  const known = [...reports.map((report) => report.name), WEBGPU];
  if (!known.includes(name)) throw new RangeError(`unknown engine ${name}; known: ${known.join(", ")}`);
  const reason = reports.find((report) => report.name === name)?.reason;
  if (reason !== undefined) throw cannotRun(name, reason);
  if (threads > 1 && !name.startsWith("wasm"))
    throw new RangeError(`--threads ${threads}: the ${name} engine runs on one thread; --threads 1 would be right`);
  const unused = Object.entries({
    adapter,
    "default-limits": defaultLimits,
    "gpu-memory": gpuMemory,
    "gpu-slab": gpuSlab,
    "submit-work": submitWork,
    "tensor-cores": tensorCores,
    unchecked,
    precision,
  }).find(([, value]) => value !== undefined);
  if (unused !== undefined && name !== WEBGPU)
    throw new RangeError(`--${unused[0]} has no effect on the ${name} engine; it goes with --engine ${WEBGPU}`);
}

/**
 * Checks that `engineOf` can make the engine, without making it.
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
 * A new engine, as the options say.
 *
 * @throws RangeError for an unknown name, an engine that cannot run here, more threads than it has, or an option of another engine
 */
export async function engineOf(options: EngineOptions): Promise<Engine> {
  checkOptions(options);
  const { engine: name, threads } = options;
  if (name === "reference") return referenceEngine();
  if (name.startsWith("wasm")) return wasmEngine({ build: name === "wasm-fma" ? "fma" : "release", threads });
  try {
    const { gpuEngine } = await import("./processes/gpu.ts"); // only here, since loading it takes a tenth of a second
    return await gpuEngine(options);
  } catch (error) {
    throw cannotRun(name, messageOf(error));
  }
}
