/** Makes a recording of what this project itself computes, on any engine. */
import type { HostArray, Leaves } from "../check/host.ts";
import type { Engine, Precision } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import type { Configuration } from "./format/configuration.ts";
import type { Arrays, Recording } from "./format/read.ts";
import { deliverTensors, widened, type Delivered } from "./steps/compute.ts";

/** Which recording to make. */
export interface RecordingRequest {
  /** What to compute; `dtype` is replaced by that of the engine. */
  readonly configuration: Configuration;
  /** B */
  readonly batch: number;
  /** All tensors that the configuration calls for. */
  readonly given: Leaves;
  /** Names of the results to compute, as `chosenResults` gives them. */
  readonly names: ReadonlySet<string>;
  /** The precision in which the file stores the numbers; an f32 engine computes in f32 whichever is chosen. */
  readonly store: Precision;
}

const DTYPES: { readonly [P in Precision]: Configuration["dtype"] } = { f64: "float64", f32: "float32", f16: "float32" };

/** Each number rounded to the nearest one of f32. */
const rounded = ({ shape, data }: HostArray): HostArray => ({ shape, data: data.map(Math.fround) });

/** The tensors in f64, each converted when it is read: all of a large model at once would take twice the memory. */
const widenedWhenRead = (delivered: ReadonlyMap<string, Delivered>): Arrays => ({
  size: delivered.size,
  has: (name) => delivered.has(name),
  keys: () => delivered.keys(),
  get: (name) => {
    const tensor = delivered.get(name);
    return tensor === undefined ? undefined : widened(tensor);
  },
});

/** Computes the requested results. Where the engine or the file is f32, the given numbers are rounded to f32 first. */
export async function makeRecording(engine: Engine, { configuration, batch, given, names, store }: RecordingRequest): Promise<Recording> {
  const single = store === "f32" || engine.precision !== "f64";
  const start: Recording = {
    configuration: { ...configuration, dtype: DTYPES[engine.precision] },
    batch,
    given: single ? new Map([...given].map(([name, array]) => [name, rounded(array)])) : given,
    results: new Map(),
    rounded: new Set(store === "f32" ? [...given.keys(), ...names].filter((name) => name !== "labels") : []),
  };
  return { ...start, results: widenedWhenRead(await deliverTensors(engine, start, names, deitLogits)) };
}
