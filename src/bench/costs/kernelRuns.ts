/**
 * What each kernel of a program dispatches. A dispatch may be made after its kernel and its op have ended, so both are noted when it is issued.
 * Nothing runs: the engine plans (engines/webgpu/planning.ts).
 */
import { countedLoops } from "../../engines/abstract/arithmetic.ts";
import { abstractEngine } from "../../engines/abstract/engine.ts";
import type { DeviceCapabilities } from "../../engines/webgpu/capabilities.ts";
import { planningEngine } from "../../engines/webgpu/planning.ts";
import type { Dispatch, OperandUse } from "../../engines/webgpu/program.ts";
import type { WebgpuPrecision } from "../../engines/webgpu/run.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Fused, FusedTable, Kernels } from "../../kernels/kernels.ts";
import { mapTree } from "../../tensor/tree.ts";

export interface MadeDispatch {
  readonly dispatch: Dispatch;
  readonly operands: readonly OperandUse[];
}

/** One run of a basis kernel or of a fused kernel. */
export interface KernelRun<Owner> {
  /** What was going on when it began. */
  readonly owner: Owner;
  /** Its dispatches that were made; one that became part of another is in the run of that. */
  readonly made: readonly MadeDispatch[];
  /** FLOP of its formula, and those of them that are matrix multiplications. */
  readonly flop: number;
  readonly products: number;
}

/** FLOP of a formula. */
export interface FormulaFlop {
  readonly flop: number;
  /** Those of matrix multiplications. */
  readonly products: number;
}

type Call = (k: Kernels, ...args: readonly unknown[]) => unknown;

/** The function of an op, a routine or a fused kernel by its name: forward, vjp or run. */
function functionOf(owner: object, name: string | symbol): Call | null {
  const found: unknown = Reflect.get(owner, name);
  return typeof found === "function" ? (...args) => Reflect.apply(found, owner, args) : null;
}

/** FLOP of the definition of an op or a routine for arguments of these shapes. */
function definitionFlop(definition: Call, args: readonly unknown[]): FormulaFlop {
  let flop = 0;
  const { kernels: k, counters } = abstractEngine(
    undefined,
    countedLoops((some) => {
      flop += some;
    }),
  );
  const standIns = args.map((arg) => mapTree(arg, ({ shape }) => k.zeros(shape)));
  definition(k, ...standIns);
  return { flop, products: 2 * counters().macs };
}

/** The same fused kernels; after each has run, `done` is called with the FLOP of its definition. */
const countedTable = (fused: FusedTable, done: (of: FormulaFlop) => void): FusedTable => ({
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

/** A kernel that has issued a dispatch and not ended. */
interface OpenKernel<Owner> {
  readonly owner: Owner;
  readonly made: MadeDispatch[];
  /** FLOP of the matrix multiplications that it has issued. */
  products: number;
}

export interface PlannedRuns<Owner> {
  /** Plans only; computes nothing. */
  readonly engine: Engine;
  /** The engine's kernels, with the runs of each noted. */
  readonly kernels: Kernels;
  /** The runs since the last call, in the order in which they ended, and the bytes that the host has uploaded. */
  readonly take: () => { readonly runs: readonly KernelRun<Owner>[]; readonly uploaded: number };
}

/** @param owner asked when a kernel issues its first dispatch, or ends without one */
export function plannedRuns<Owner>(
  settings: { readonly capabilities: DeviceCapabilities; readonly precision: WebgpuPrecision },
  owner: () => Owner,
): PlannedRuns<Owner> {
  let [runs, uploaded]: [KernelRun<Owner>[], number] = [[], 0];
  let open: OpenKernel<Owner> | null = null;
  const ended = ({ flop, products }: FormulaFlop): void => {
    runs.push({ ...(open ?? { owner: owner(), made: [] }), flop, products });
    open = null;
  };
  const afterBasis = (flop: number): void => ended({ flop, products: Math.min(flop, open?.products ?? 0) });
  const engine = planningEngine({
    ...settings,
    issued: ({ macs = 0 }) => {
      open ??= { owner: owner(), made: [], products: 0 };
      open.products += 2 * macs;
      const { made } = open;
      return (dispatch, operands) => void made.push({ dispatch, operands });
    },
    onUpload: (bytes) => {
      uploaded += bytes;
    },
    afterKernel: countedLoops(afterBasis),
  });
  const afterFused = (of: FormulaFlop): void => {
    if (open !== null) ended(of); // without dispatches it ran by its definition, whose kernels have ended already
  };
  const { kernels } = engine;
  const take: PlannedRuns<Owner>["take"] = () => {
    engine.settle();
    const taken = { runs, uploaded };
    [runs, uploaded] = [[], 0];
    return taken;
  };
  return { engine, kernels: kernels.within({ fused: countedTable(kernels.scope.fused, afterFused) }), take };
}
