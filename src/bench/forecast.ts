/**
 * What a program would cost on an adapter, computed from its dispatches; nothing runs. The planning engine of webgpu makes every dispatch, and
 * each adds the least time that it can take:
 *
 *   t(dispatch) = max(2·multiply–adds / P, bytes / W)
 *   t(kernel)   = max(Σ t(dispatch), other FLOP / F) + dispatches · OVERHEAD
 *
 * W is the bandwidth and F the peak rate in f32. P is the peak rate in f16 where the program uses matrix units, and F elsewhere. Multiply–adds
 * are exact. Bytes count each tensor that a dispatch binds once, but not the scratch, which fits a cache. FLOP are those of the kernel's formula
 * (engines/abstract/arithmetic.ts); those of a fused kernel are those of its op's definition.
 */
import { countedLoops } from "../engines/abstract/arithmetic.ts";
import { abstractEngine } from "../engines/abstract/engine.ts";
import { planningEngine } from "../engines/webgpu/planning.ts";
import type { WebgpuPrecision } from "../engines/webgpu/run.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Fused, FusedTable, Kernels } from "../kernels/kernels.ts";
import { observe } from "../ops/observe.ts";
import { MemoryError } from "../tensor/errors.ts";
import { mapTree } from "../tensor/tree.ts";
import { largest } from "../train/evaluation/capacity.ts";
import { adapterCapabilities, type Adapter } from "./adapters.ts";
import { profiler } from "./profile.ts";
import { NOTHING, type Cost, type ProfileNode } from "./profileTree.ts";
import type { Program } from "./program.ts";

/** ms that a GPU waits between the end of one dispatch and the start of the next. An estimate. */
const OVERHEAD = 0.002;

const MILLI = 1e-3;

/** The WGSL extension that programs with matrix units enable. */
const MATRIX_UNITS = "chromium_experimental_subgroup_matrix";

export interface ForecastSettings {
  readonly adapter: Adapter;
  readonly precision: WebgpuPrecision;
}

interface Forecaster {
  /** Plans only; computes nothing. */
  readonly engine: Engine;
  /** The engine's kernels, with the cost of each counted. */
  readonly kernels: Kernels;
  /** The cost so far. */
  readonly spent: () => Cost & { readonly flop: number };
}

type Call = (k: Kernels, ...args: readonly unknown[]) => unknown;

/** The function of an op, a routine or a fused kernel by its name: forward, vjp or run. */
function functionOf(owner: object, name: string | symbol): Call | null {
  const found: unknown = Reflect.get(owner, name);
  return typeof found === "function" ? (...args) => Reflect.apply(found, owner, args) : null;
}

/** FLOP of the definition of an op or a routine for arguments of these shapes. */
function definitionFlop(definition: Call, args: readonly unknown[]): number {
  let flop = 0;
  const { kernels: k } = abstractEngine(
    undefined,
    countedLoops((some) => {
      flop += some;
    }),
  );
  const standIns = args.map((arg) => mapTree(arg, ({ shape }) => k.zeros(shape)));
  definition(k, ...standIns);
  return flop;
}

/** The same fused kernels; after each has run, `done` is called with the FLOP of its definition. */
export const countedTable = (fused: FusedTable, done: (flop: number) => void): FusedTable => ({
  get: <O extends object>(op: O): Fused<O> | undefined => {
    const kernel = fused.get(op);
    if (kernel === undefined) return undefined;
    const get = (_: unknown, name: string | symbol): unknown => {
      const [run, definition] = [functionOf(kernel, name), functionOf(op, name === "infer" ? "forward" : name)];
      if (run === null || definition === null) return Reflect.get(kernel, name);
      return (k: Kernels, ...args: readonly unknown[]) => {
        const result = run(k, ...args);
        done(definitionFlop(definition, args));
        return result;
      };
    };
    return new Proxy<Fused<O>>(kernel, { get });
  },
});

function forecaster({ adapter, precision }: ForecastSettings): Forecaster {
  const { f32, f16, bandwidth } = adapter;
  let total = { ...NOTHING, flop: 0 };
  /** The dispatches of the current kernel. */
  let open = { ...NOTHING };
  const kernelDone = (flop: number): void => {
    const others = Math.max(0, flop - 2 * open.macs);
    const ms = Math.max(open.ms, others / f32 / MILLI) + open.dispatches * OVERHEAD;
    total = {
      ms: total.ms + ms,
      macs: total.macs + open.macs,
      dispatches: total.dispatches + open.dispatches,
      bytes: total.bytes + open.bytes,
      flop: total.flop + flop,
    };
    open = { ...NOTHING };
  };
  const engine = planningEngine({
    capabilities: adapterCapabilities,
    precision,
    onDispatch: ({ program, macs = 0 }, sizes) => {
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      const peak = program.enables.includes(MATRIX_UNITS) ? f16 : f32;
      const ms = Math.max((2 * macs) / peak, bytes / bandwidth) / MILLI;
      open = { ms: open.ms + ms, macs: open.macs + macs, dispatches: open.dispatches + 1, bytes: open.bytes + bytes };
    },
    afterKernel: countedLoops(kernelDone),
  });
  const afterFused = (flop: number): void => {
    if (open.dispatches > 0) kernelDone(flop); // without dispatches it ran by its definition, whose kernels are counted already
  };
  const { kernels } = engine;
  return { engine, kernels: kernels.within({ fused: countedTable(kernels.scope.fused, afterFused) }), spent: () => total };
}

/** The time in ms if only this share of every bound is reached. */
export const slower = ({ ms, dispatches }: Cost, share: number): number => (ms - dispatches * OVERHEAD) / share + dispatches * OVERHEAD;

export interface Forecast {
  /** Costs of one run, by op. */
  readonly root: ProfileNode;
  /** FLOP of one run by the formulas, matrix multiplications and all else. */
  readonly flop: number;
  /** The most bytes that tensors take at once. */
  readonly memory: number;
}

/** The forecast of a program on B images. */
export function forecast({ work }: Program, B: number, settings: ForecastSettings): Forecast {
  const { engine, kernels, spent } = forecaster(settings);
  const { visitor, watched } = profiler(spent);
  const { run } = work(observe(kernels, visitor), B);
  run(); // the first run makes what later ones find, such as the f16 copies of weights
  const { flop } = spent();
  const root = watched(run);
  return { root, flop: spent().flop - flop, memory: engine.memory().reserved };
}

/** The share of an adapter's memory that tensors may take; the driver needs the rest. */
const SHARE = 0.95;
/** The largest batch that is tried. */
const MOST = 4096;

/** The largest batch whose program fits the memory of an adapter; 0: not even one image fits. */
export function largestBatch({ work }: Program, settings: ForecastSettings): number {
  const { engine } = forecaster(settings);
  return largest(MOST, (B) => {
    try {
      return engine.plan(null, (k) => work(k, B).run()) <= SHARE * settings.adapter.memory;
    } catch (error) {
      if (error instanceof MemoryError) return false; // a tensor is too large for a buffer
      throw error;
    }
  });
}
