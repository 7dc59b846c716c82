/**
 * What a program would cost on an adapter, from its launches alone; nothing is run. A plan of the webgpu engine makes every launch, and a
 * clock goes on by what it would take at least:
 *
 *   t(launch) = max(2·multiply–adds / P, bytes / W)
 *   t(kernel) = max(Σ t(launch), FLOP / F) / efficiency + launches · OVERHEAD
 *
 * P: peak of products, W: bandwidth, F: peak of f32. Multiply–adds are exact; bytes are those of each tensor that a launch binds, once; FLOP
 * are those of the kernel's formula (engines/abstract/arithmetic.ts), of a fused one of its definition.
 */
import { countedLoops } from "../engines/abstract/arithmetic.ts";
import { abstractEngine } from "../engines/abstract/engine.ts";
import { planningEngine } from "../engines/webgpu/planning.ts";
import type { Engine } from "../kernels/engine.ts";
import type { FusedTable, Kernels } from "../kernels/kernels.ts";
import { mapTree } from "../tensor/tree.ts";
import { facts, type Adapter } from "./adapters.ts";
import { NOTHING, type Cost } from "./profileTree.ts";

/** Of one launch on the device, in ms: between the end of one and the start of the next a GPU waits about so long. An estimate. */
export const OVERHEAD = 0.002;

const MILLI = 1e-3;

export interface ForecastSettings {
  readonly adapter: Adapter;
  readonly precision: "f32" | "f16";
  /** Which part of every bound is reached: 1 is the roofline itself. */
  readonly efficiency: number;
}

export interface Forecaster {
  /** Makes plans, and computes nothing. */
  readonly engine: Engine;
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
const toldOf = (fused: FusedTable, done: (flop: number) => void): FusedTable => ({
  get: (op) => {
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
    return new Proxy(kernel, { get });
  },
});

export function forecaster({ adapter, precision, efficiency }: ForecastSettings): Forecaster {
  const { f32, bandwidth } = adapter;
  const products = adapter[precision];
  let total = { ...NOTHING, flop: 0 };
  /** Of the launches of the kernel at work. */
  let open = { ...NOTHING };
  const kernelDone = (flop: number): void => {
    const ms = Math.max(open.ms, flop / f32 / MILLI) / efficiency + open.launches * OVERHEAD;
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
    launched: ({ macs = 0 }, sizes) => {
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      const ms = Math.max((2 * macs) / products, bytes / bandwidth) / MILLI;
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
