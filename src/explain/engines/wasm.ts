/** What the WASM engine runs: exports of its module, each on one or several chunks of its work. */
import { planningKernels } from "../../engines/wasm/planning.ts";
import { recorder, tracerOn, type Tracer } from "./trace.ts";

export function wasmTracer(threads: number): Tracer {
  const record = recorder();
  const kernels = planningKernels({ threads, called: (kernel, chunks) => record.ran({ kernel, chunks }) });
  return tracerOn(kernels, record);
}
