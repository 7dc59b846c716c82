/** A recording of this project's own run, on any engine. */
import type { HostArray, Leaves } from "../check/host.ts";
import type { Engine, Precision } from "../kernels/engine.ts";
import { deitLogits } from "../model/deit.ts";
import type { Configuration } from "./format/configuration.ts";
import type { Arrays, Recording } from "./format/read.ts";
import { deliverTensors, widened, type Delivered } from "./steps/run.ts";

/** A recording that is to be made. */
export interface Order {
  /** Its dtype is the engine's. */
  readonly configuration: Configuration;
  /** B */
  readonly batch: number;
  /** All that the configuration calls for. */
  readonly given: Leaves;
  /** The results to compute; `chosenResults` has them. */
  readonly names: ReadonlySet<string>;
  /** What the numbers are stored as; an engine of f32 computes with numbers of f32 in either. */
  readonly store: Precision;
}

const DTYPES: { readonly [P in Precision]: Configuration["dtype"] } = { f64: "float64", f32: "float32", f16: "float32" };

/** The nearest numbers that f32 has. */
const rounded = ({ shape, data }: HostArray): HostArray => ({ shape, data: data.map(Math.fround) });

/** In f64, one at a time: all of a large model would take twice the memory. */
const widenedWhenAsked = (delivered: ReadonlyMap<string, Delivered>): Arrays => ({
  size: delivered.size,
  has: (name) => delivered.has(name),
  keys: () => delivered.keys(),
  get: (name) => {
    const tensor = delivered.get(name);
    return tensor === undefined ? undefined : widened(tensor);
  },
});

/** Computes what is ordered, from given numbers that are rounded first where the engine or the file has f32. */
export async function makeRecording(engine: Engine, { configuration, batch, given, names, store }: Order): Promise<Recording> {
  const coarse = store === "f32" || engine.precision !== "f64";
  const start: Recording = {
    configuration: { ...configuration, dtype: DTYPES[engine.precision] },
    batch,
    given: coarse ? new Map([...given].map(([name, array]) => [name, rounded(array)])) : given,
    results: new Map(),
    rounded: new Set(store === "f32" ? [...given.keys(), ...names].filter((name) => name !== "labels") : []),
  };
  return { ...start, results: widenedWhenAsked(await deliverTensors(engine, start, names, deitLogits)) };
}
