/** Which kernels each op of a program runs, read off one run by an observer: the op calls as a tree, each with what it runs itself. */
import type { FusedTable, Kernels, Visitor } from "../../kernels/kernels.ts";
import { observe } from "../../ops/observe.ts";

/** One run of a compute program on a GPU. */
export interface Dispatch {
  readonly program: string;
  /** Workgroups in each dimension. */
  readonly groups: readonly [number, number, number];
  /** Of every tensor that it binds, once. */
  readonly bytes: number;
  /** 2 · multiply–adds of a matrix multiplication, without its epilogue; of any other kernel, its formula's share by bytes. */
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
  /** Whether one kernel of the engine's does the whole op, or its definition is run. */
  readonly how: "definition" | "fused";
  /** The calls and kernel runs that it makes, in their order. */
  readonly made: readonly (TracedCall | KernelRun)[];
}

export const isCall = (made: TracedCall | KernelRun): made is TracedCall => "made" in made;

/** All that is run in a call, inside its calls too. */
export const runsIn = ({ made }: TracedCall): readonly KernelRun[] => made.flatMap((one) => (isCall(one) ? runsIn(one) : [one]));

/** A call and all calls inside it, in the order in which they begin. */
export const callsIn = (call: TracedCall): readonly TracedCall[] => [call, ...call.made.filter(isCall).flatMap(callsIn)];

interface OpenCall extends TracedCall {
  how: TracedCall["how"];
  readonly made: (OpenCall | KernelRun)[];
}

/** Traces programs on an engine that tells it of each kernel run. */
export interface Recorder {
  /** A kernel is run by the innermost call that is open. */
  readonly ran: (run: KernelRun) => void;
  /** The same kernels, watched. */
  readonly watched: (k: Kernels) => Kernels;
  /** Runs a program; what is run outside of it is not recorded. */
  readonly trace: (program: () => unknown) => TracedCall;
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
    watched: (k) => observe(k.within({ fused: marked(k.scope.fused) }), visitor),
    trace: (program) => {
      const root: OpenCall = { path: "", op: "", phase: "run", how: "definition", made: [] };
      open.splice(0, open.length, root);
      try {
        program();
      } finally {
        open.length = 0;
      }
      return root;
    },
  };
}

/** An engine that plans and computes nothing, and a trace of what it is asked to run. */
export interface Tracer {
  /** Not watched: for what a program works on. */
  readonly kernels: Kernels;
  readonly watched: Kernels;
  readonly trace: Recorder["trace"];
}

/** A tracer on kernels that tell the recorder what they run. */
export const tracerOn = (kernels: Kernels, { watched, trace }: Recorder): Tracer => ({ kernels, watched: watched(kernels), trace });
