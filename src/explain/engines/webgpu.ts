/** What the WebGPU engine runs on a modelled adapter: dispatches of WGSL programs. */
import { adapterNamed } from "../../bench/adapters.ts";
import { plannedRuns, type KernelRun } from "../../bench/costs/kernelRuns.ts";
import { bytesOf, readsOf, writesOf } from "../../bench/costs/terms.ts";
import type { WebgpuPrecision } from "../../engines/webgpu/run.ts";
import { recorder, tracerOn, type KernelRun as TracedRun, type Later, type Tracer } from "./trace.ts";

/** The dispatches of one kernel, among which the FLOPs of its formula are divided. */
function tracedRuns({ made, flop }: KernelRun<unknown>): readonly TracedRun[] {
  const products = made.reduce((sum, { dispatch: { macs = 0 } }) => sum + 2 * macs, 0);
  const others = made.filter(({ dispatch: { macs = 0 } }) => macs === 0).reduce((sum, one) => sum + bytesOf(one), 0);
  return made.map((one) => {
    const { program, groups, macs = 0 } = one.dispatch;
    const bytes = bytesOf(one);
    const flops = macs > 0 ? 2 * macs : Math.round((Math.max(0, flop - products) * bytes) / Math.max(1, others));
    const moved = { bytes, reads: readsOf(one), writes: writesOf(one) };
    return { kernel: program.name, dispatch: { program: program.name, groups, ...moved, flops, wgsl: program.wgsl } };
  });
}

/** @param adapter the name of the modelled adapter */
export function webgpuTracer(adapter: string, precision: WebgpuPrecision): Tracer {
  const record = recorder();
  const { kernels, take } = plannedRuns<Later>({ capabilities: adapterNamed(adapter).reported.capabilities, precision }, record.later);
  const { trace, ...tracer } = tracerOn(kernels, record);
  return {
    ...tracer,
    trace: (program) => {
      take(); // what made the arguments
      return trace(program, () => take().runs.forEach((run) => run.owner(tracedRuns(run))));
    },
  };
}
