/** What the reference engine runs: every op by its definition, in basis kernels. */
import { countedLoops } from "../../engines/abstract/arithmetic.ts";
import { abstractEngine } from "../../engines/abstract/engine.ts";
import { recorder, tracerOn, type Tracer } from "./trace.ts";

export function referenceTracer(): Tracer {
  const record = recorder();
  const loops = countedLoops(() => undefined);
  const telling = new Proxy(loops, { get: (_, name) => () => record.ran({ kernel: String(name) }) });
  return tracerOn(abstractEngine(undefined, telling).kernels, record);
}
