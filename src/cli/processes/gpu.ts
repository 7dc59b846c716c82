/** Makes the webgpu engine that a command's options choose. */
import { openDevice } from "../../gpu/device.ts";
import type { Engine } from "../../kernels/engine.ts";
import { probeMatrixUnits, webgpuEngine, type WebgpuEngine } from "../../webgpu.ts";
import type { GpuOptions } from "../options.ts";
import { say } from "../output.ts";
import { checkAdapter, adapterName } from "./probe.ts";

const MEGA = 1e6;

/** Prints the line when the first number is read, and not before: a command that fails until then prints only its error. */
function announcing(engine: WebgpuEngine, line: string): WebgpuEngine {
  let announced = false;
  const announce = (): void => {
    if (!announced) say(line);
    announced = true;
  };
  return {
    ...engine,
    read: (t) => {
      announce();
      return engine.read(t);
    },
    finish: () => {
      announce();
      return engine.finish();
    },
  };
}

/**
 * A new engine on a new device.
 *
 * @throws RangeError that says what is needed
 */
export async function gpuEngine({
  defaultLimits,
  gpuMemory,
  gpuSlab,
  submitWork,
  tensorCores,
  unchecked,
  precision = "f32",
  ...options
}: GpuOptions): Promise<Engine> {
  const device = await openDevice({
    adapter: adapterName(options),
    experimental: tensorCores ?? false,
    unchecked: unchecked ?? false,
    plain: defaultLimits ?? false,
  });
  const { isFallbackAdapter: software, description: name } = device.adapterInfo;
  checkAdapter(options, { software, name });
  const matrixUnits = tensorCores === true ? await probeMatrixUnits(device) : null;
  const engine = webgpuEngine({
    device,
    precision,
    matrixUnits,
    memory: gpuMemory === undefined ? Infinity : gpuMemory * MEGA,
    submitWork: submitWork ?? null,
    ...(gpuSlab === undefined ? {} : { slab: gpuSlab * MEGA }),
  });
  const isFallback = software && options.adapter === undefined;
  return isFallback ? announcing(engine, `deit: there is no GPU here; webgpu computes on the processor, with ${name}`) : engine;
}
