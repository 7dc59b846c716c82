/** Records which kernels each op of a program runs, with a visitor: the op calls as a tree, each with the kernels that it runs directly. */
import type { FusedTable, Kernels, Visitor } from "../../kernels/kernels.ts";
import { observe } from "../../ops/observe.ts";

/** One run of a compute program on a GPU. */
export interface Dispatch {
  readonly program: string;
  /** Workgroups in each dimension. */
  readonly groups: readonly [number, number, number];
  /** The bytes of every tensor that it binds, each counted once. */
  readonly bytes: number;
  /** Bytes that it reads and bytes that it writes, each tensor once in each, and the scratch too. */
  readonly reads: number;
  readonly writes: number;
  /** Twice the multiply–adds of a matrix multiplication, without its epilogue; for another kernel, its formula's FLOPs in proportion to bytes. */
  readonly flops: number;
  readonly wgsl: string;
}

/** One run of a kernel: on WASM the number of chunks, on WebGPU the dispatch. */
export interface KernelRun {
  readonly kernel: string;
  readonly chunks?: number;
  readonly dispatch?: Dispatch;
}

/** An op call, or the program itself. */
export interface TracedCall {
  readonly path: string;
  readonly op: string;
  readonly phase: string;
  /** Whether a fused kernel does the op, or its definition runs. */
  readonly how: "definition" | "fused";
  /** The calls and kernel runs that it makes, in their order. */
  readonly made: readonly (TracedCall | KernelRun)[];
}

export const isCall = (made: TracedCall | KernelRun): made is TracedCall => "made" in made;

/** All kernel runs in a call and in the calls inside it. */
export const runsIn = ({ made }: TracedCall): readonly KernelRun[] => made.flatMap((one) => (isCall(one) ? runsIn(one) : [one]));

/** A call and all calls inside it, in the order in which they begin. */
export const callsIn = (call: TracedCall): readonly TracedCall[] => [call, ...call.made.filter(isCall).flatMap(callsIn)];

/** Kernel runs that are set later. */
interface Place {
  runs: readonly KernelRun[];
}

/** A call while the program runs. */
interface OpenCall extends Omit<TracedCall, "made"> {
  how: TracedCall["how"];
  readonly made: (OpenCall | KernelRun | Place)[];
}

/** A call after the program has ended. */
const ended = ({ made, ...call }: OpenCall): TracedCall => ({
  ...call,
  made: made.flatMap<TracedCall | KernelRun>((one) => ("made" in one ? [ended(one)] : "runs" in one ? one.runs : [one])),
});

/** Sets the kernel runs in a place that was kept for them; without it, there are none. */
export type Later = (runs: readonly KernelRun[]) => void;

/** Records the kernel runs that an engine reports. */
export interface Recorder {
  /** Adds a kernel run to the innermost open call. */
  readonly ran: (run: KernelRun) => void;
  /** Keeps a place in the innermost open call for kernel runs that are known only when the program has ended. */
  readonly later: () => Later;
  /** The same kernels with the visitor. */
  readonly watched: (k: Kernels) => Kernels;
  /** Runs a program and records it, and nothing else; `settle` is called when it has ended, and sets the runs of all places. */
  readonly trace: (program: () => unknown, settle?: () => void) => TracedCall;
}

/** Whether a fused kernel does this phase of its op; what it leaves out runs by the definition. */
const replaces = (kernel: object, phase: string): boolean => (phase === "vjp" ? "vjp" : phase === "run" ? "run" : "forward") in kernel;

export function recorder(): Recorder {
  const open: OpenCall[] = [];
  const visitor: Visitor = {
    before: ({ path, op, phase }) => {
      const caller = open.at(-1);
      if (caller === undefined) return;
      const call: OpenCall = { path, op, phase, how: "definition", made: [] };
      caller.made.push(call);
      open.push(call);
    },
    after: () => {
      const call = open.length > 1 ? open.pop() : undefined;
      const same = call?.made.find((one) => "made" in one && one.op === call.op); // the op by its definition, or a routine leaf by leaf
      if (call !== undefined && same !== undefined && "made" in same) call.how = same.how;
    },
  };
  const marked = (fused: FusedTable): FusedTable => ({
    get: (op) => {
      const kernel = fused.get(op);
      const call = open.at(-1);
      if (kernel !== undefined && call !== undefined && replaces(kernel, call.phase)) call.how = "fused";
      return kernel;
    },
  });
  return {
    ran: (run) => void open.at(-1)?.made.push(run),
    later: () => {
      const place: Place = { runs: [] };
      open.at(-1)?.made.push(place);
      return (runs) => {
        place.runs = runs;
      };
    },
    watched: (k) => observe(k.within({ fused: marked(k.scope.fused) }), visitor),
    trace: (program, settle) => {
      const root: OpenCall = { path: "", op: "", phase: "run", how: "definition", made: [] };
      open.splice(0, open.length, root);
      try {
        program();
      } finally {
        open.length = 0;
      }
      settle?.();
      return ended(root);
    },
  };
}

/** The kernels of a planning engine, and a trace of what a program runs on them. */
export interface Tracer {
  /** Kernels without the visitor, which make the tensors of a call. */
  readonly kernels: Kernels;
  readonly watched: Kernels;
  readonly trace: Recorder["trace"];
}

/** A tracer on kernels that report to a recorder. */
export const tracerOn = (kernels: Kernels, { watched, trace }: Recorder): Tracer => ({ kernels, watched: watched(kernels), trace });
