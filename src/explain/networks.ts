/** The paths of the networks, which are also the names of taps: which op each path names, and inside which others it is. */
import { abstractEngine } from "../engines/abstract/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { deitConfig } from "../model/config.ts";
import { deitLogits } from "../model/deit.ts";
import { meanOfLogits } from "../model/fusion.ts";
import { buildParams } from "../model/params.ts";
import { deitAttrs } from "../train/step/deitTask.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { callsIn, recorder, type TracedCall, type Tracer } from "./engines/trace.ts";

/** The networks that have paths; a path that several have belongs to the first. */
export const networks: readonly string[] = ["deit-tiny", "deit-tiny-distilled"];

/** Traces one forward, then one vjp, of a network on one image. */
export function traceNetwork(name: string, { kernels: k, watched, trace }: Tracer): TracedCall {
  const config = deitConfig(name);
  const params = buildParams(config, (_, shape) => k.zeros(shape));
  const images = k.zeros([1, config.channels, config.imageSize, config.imageSize]);
  const attrs = deitAttrs(k, config);
  return trace(() => {
    const logits = deitLogits.forward(watched, { images, params }, attrs);
    const fused = meanOfLogits.forward(watched.at("logits"), logits.out);
    const cotangent = (t: Tensor): Tensor => k.zeros(t.shape);
    const dLogits = meanOfLogits.vjp(watched.at("logits"), fused.saved, cotangent(fused.out));
    deitLogits.vjp(watched, logits.saved, dLogits);
  });
}

/** A path of a network. */
export interface NetworkPlace {
  readonly network: string;
  readonly path: string;
  /** The op at this path. */
  readonly op: string;
  /** This path, then the paths of the ops around it, the innermost first. */
  readonly around: readonly string[];
}

/** A tracer on shapes alone, without fused kernels, so that every op is seen. */
function definitionTracer(): Tracer {
  const record = recorder();
  const { kernels }: { readonly kernels: Kernels } = abstractEngine();
  return { kernels, watched: record.watched(kernels), trace: record.trace };
}

function placesIn(network: string): readonly NetworkPlace[] {
  const found: NetworkPlace[] = [];
  const look = (call: TracedCall, outer: readonly string[]): void => {
    const around = [call.path, ...outer];
    if (call.phase === "forward") found.push({ network, path: call.path, op: call.op, around });
    for (const inner of callsIn(call).slice(1)) if (call.made.includes(inner)) look(inner, around);
  };
  for (const call of traceNetwork(network, definitionTracer()).made) if ("made" in call) look(call, []);
  return found;
}

/** Every path of every network. */
export function networkPlaces(): ReadonlyMap<string, NetworkPlace> {
  const places = new Map<string, NetworkPlace>();
  for (const network of networks) for (const at of placesIn(network)) if (!places.has(at.path)) places.set(at.path, at);
  return places;
}
