/** What the WebGPU engine runs on a modelled adapter: dispatches of WGSL programs. */
import { adapterNamed } from "../../bench/adapters.ts";
import { countedTable } from "../../bench/forecast.ts";
import { countedLoops } from "../../engines/abstract/arithmetic.ts";
import { planningEngine } from "../../engines/webgpu/planning.ts";
import type { Dispatch } from "../../engines/webgpu/program.ts";
import type { WebgpuPrecision } from "../../engines/webgpu/run.ts";
import { recorder, tracerOn, type KernelRun, type Tracer } from "./trace.ts";

/** A dispatch of the running kernel. */
interface Pending {
  readonly dispatch: Dispatch;
  readonly bytes: number;
}

/** The dispatches of one kernel, among which the FLOPs of its formula are divided. */
function runsOf(pending: readonly Pending[], flop: number): readonly KernelRun[] {
  const products = pending.reduce((sum, { dispatch: { macs = 0 } }) => sum + 2 * macs, 0);
  const others = pending.filter(({ dispatch: { macs = 0 } }) => macs === 0).reduce((sum, { bytes }) => sum + bytes, 0);
  return pending.map(({ dispatch: { program, groups, macs = 0 }, bytes }) => {
    const flops = macs > 0 ? 2 * macs : Math.round((Math.max(0, flop - products) * bytes) / Math.max(1, others));
    return { kernel: program.name, dispatch: { program: program.name, groups, bytes, flops, wgsl: program.wgsl } };
  });
}

/** @param adapter the name of the modelled adapter */
export function webgpuTracer(adapter: string, precision: WebgpuPrecision): Tracer {
  const record = recorder();
  let pending: Pending[] = [];
  const kernelDone = (flop: number): void => {
    settle();
    runsOf(pending, flop).forEach(record.ran);
    pending = [];
  };
  const { kernels, settle } = planningEngine({
    capabilities: adapterNamed(adapter).reported.capabilities,
    precision,
    onDispatch: (dispatch, sizes) => void pending.push({ dispatch, bytes: sizes.reduce((sum, size) => sum + size, 0) }),
    afterKernel: countedLoops(kernelDone),
  });
  const fused = countedTable(kernels.scope.fused, (flop) => {
    settle();
    if (pending.length > 0) kernelDone(flop); // otherwise it ran by its definition, whose kernels are recorded already
  });
  return tracerOn(kernels.within({ fused }), record);
}
