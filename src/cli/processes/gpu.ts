/** An engine on the GPU of a command. */
import { openDevice } from "../../gpu/device.ts";
import type { Engine } from "../../kernels/engine.ts";
import { webgpuEngine, type WebgpuEngine } from "../../webgpu.ts";
import type { GpuOptions } from "../options.ts";
import { say } from "../output.ts";
import { checkAdapter, adapterName } from "./probe.ts";

const MEGA = 1e6;

/** Says it when the first number is waited for: a command that fails before has one line to say, which is why. */
function announcing(engine: WebgpuEngine, line: string): WebgpuEngine {
  let said = false;
  const sayOnce = (): void => {
    if (!said) say(line);
    said = true;
  };
  return {
    ...engine,
    read: (t) => {
      sayOnce();
      return engine.read(t);
    },
    finish: () => {
      sayOnce();
      return engine.finish();
    },
  };
}

/**
 * A new engine on a new device.
 *
 * @throws RangeError that says what is needed
 */
export async function gpuEngine({ defaultLimits, gpuMemory, tensorCores, precision = "f32", ...options }: GpuOptions): Promise<Engine> {
  const device = await openDevice({ adapter: adapterName(options), experimental: tensorCores ?? false, plain: defaultLimits ?? false });
  const { isFallbackAdapter: software, description: name } = device.adapterInfo;
  checkAdapter(options, { software, name });
  const engine = webgpuEngine({ device, precision, memory: gpuMemory === undefined ? Infinity : gpuMemory * MEGA });
  const unasked = software && options.adapter === undefined;
  return unasked ? announcing(engine, `deit: no GPU is here; webgpu computes on the processor, by ${name}`) : engine;
}
