/**
 * What a program would cost on an adapter, from its launches alone; nothing is run. A plan of the webgpu engine makes every launch, and a
 * clock goes on by what it would take at least:
 *
 *   t(launch) = max(2·multiply–adds / P, bytes / W)
 *   t(kernel) = max(Σ t(launch), other FLOP / F) + launches · OVERHEAD
 *
 * W: bandwidth, F: peak of f32, P: F, or the peak of f16 where the program multiplies by matrix units. Multiply–adds are exact; bytes are those of
 * each tensor that a launch binds, once, and not of the scratch, which is small enough for a cache; FLOP are those of the kernel's formula
 * (engines/abstract/arithmetic.ts), of a fused one of its definition.
 */
import { countedLoops } from "../engines/abstract/arithmetic.ts";
import { abstractEngine } from "../engines/abstract/engine.ts";
import { planningEngine } from "../engines/webgpu/planning.ts";
import type { WebgpuPrecision } from "../engines/webgpu/run.ts";
import type { Engine } from "../kernels/engine.ts";
import type { FusedTable, Kernels } from "../kernels/kernels.ts";
import { observe } from "../ops/observe.ts";
import { MemoryError } from "../tensor/errors.ts";
import { mapTree } from "../tensor/tree.ts";
import { largest } from "../train/evaluation/capacity.ts";
import { facts, type Adapter } from "./adapters.ts";
import { profiler } from "./profile.ts";
import { NOTHING, type Cost, type ProfileNode } from "./profileTree.ts";
import type { Program } from "./program.ts";

/** Of a launch, in ms: so long does a GPU wait about between the end of one and the start of the next. An estimate. */
const OVERHEAD = 0.002;

const MILLI = 1e-3;

/** What a program enables that multiplies by them. */
const MATRIX_UNITS = "chromium_experimental_subgroup_matrix";

export interface ForecastSettings {
  readonly adapter: Adapter;
  readonly precision: WebgpuPrecision;
}

interface Forecaster {
  /** Makes plans, and computes nothing. */
  readonly engine: Engine;
  /** Its kernels, watched. */
  readonly kernels: Kernels;
  /** Of all so far. */
  readonly spent: () => Cost & { readonly flop: number };
}

type Call = (k: Kernels, ...args: readonly unknown[]) => unknown;

/** A function of an op or of its kernel: forward, vjp or run. */
function functionOf(owner: object, name: string | symbol): Call | null {
  const found: unknown = Reflect.get(owner, name);
  return typeof found === "function" ? (...args) => Reflect.apply(found, owner, args) : null;
}

/** FLOP of the definition of an op or a routine on tensors of these shapes. */
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

/** The same fused kernels; `done` is told the FLOP of the definition of each that has run. */
export const toldOf = (fused: FusedTable, done: (flop: number) => void): FusedTable => ({
  get: <O extends object>(op: O): O | undefined => {
    const kernel = fused.get(op);
    if (kernel === undefined) return undefined;
    const get = (_: unknown, name: string | symbol): unknown => {
      const [run, definition] = [functionOf(kernel, name), functionOf(op, name)];
      if (run === null || definition === null) return Reflect.get(kernel, name);
      return (k: Kernels, ...args: readonly unknown[]) => {
        const result = run(k, ...args);
        done(definitionFlop(definition, args));
        return result;
      };
    };
    return new Proxy<O>(kernel, { get });
  },
});

function forecaster({ adapter, precision }: ForecastSettings): Forecaster {
  const { f32, f16, bandwidth } = adapter;
  let total = { ...NOTHING, flop: 0 };
  /** Of the launches of the kernel at work. */
  let open = { ...NOTHING };
  const kernelDone = (flop: number): void => {
    const others = Math.max(0, flop - 2 * open.macs);
    const ms = Math.max(open.ms, others / f32 / MILLI) + open.launches * OVERHEAD;
    total = {
      ms: total.ms + ms,
      macs: total.macs + open.macs,
      launches: total.launches + open.launches,
      bytes: total.bytes + open.bytes,
      flop: total.flop + flop,
    };
    open = { ...NOTHING };
  };
  const engine = planningEngine({
    facts,
    precision,
    launched: ({ program, macs = 0 }, sizes) => {
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      const peak = program.enables.includes(MATRIX_UNITS) ? f16 : f32;
      const ms = Math.max((2 * macs) / peak, bytes / bandwidth) / MILLI;
      open = { ms: open.ms + ms, macs: open.macs + macs, launches: open.launches + 1, bytes: open.bytes + bytes };
    },
    beside: countedLoops(kernelDone),
  });
  const whenLaunched = (flop: number): void => {
    if (open.launches > 0) kernelDone(flop); // else it went by the definition, kernel by kernel
  };
  const { kernels } = engine;
  return { engine, kernels: kernels.within({ fused: toldOf(kernels.scope.fused, whenLaunched) }), spent: () => total };
}

/** ms where only such a share of every bound is reached. */
export const slower = ({ ms, launches }: Cost, share: number): number => (ms - launches * OVERHEAD) / share + launches * OVERHEAD;

export interface Forecast {
  /** Of one run. */
  readonly root: ProfileNode;
  /** Of one run, by the formulas: products and all else. */
  readonly flop: number;
  /** What tensors take at most, in bytes. */
  readonly memory: number;
}

/** Of a program on B images. */
export function forecast({ work }: Program, B: number, settings: ForecastSettings): Forecast {
  const { engine, kernels, spent } = forecaster(settings);
  const { visitor, watched } = profiler(spent);
  const { run } = work(observe(kernels, visitor), B);
  const { flop } = spent();
  const root = watched(run);
  return { root, flop: spent().flop - flop, memory: engine.memory().reserved };
}

/** Of the memory of an adapter, what tensors may take: the driver has its own needs. */
const SHARE = 0.95;
const MOST = 4096;

/** The largest batch whose program fits an adapter; 0: not even one image. */
export function largestBatch({ work }: Program, settings: ForecastSettings): number {
  const { engine } = forecaster(settings);
  return largest(MOST, (B) => {
    try {
      return engine.plan(null, (k) => work(k, B).run()) <= SHARE * settings.adapter.memory;
    } catch (error) {
      if (error instanceof MemoryError) return false; // a tensor is longer than a buffer may be
      throw error;
    }
  });
}
