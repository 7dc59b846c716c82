/**
 * Where the time of a training goes, by samples of its stack: V8's own profiler interrupts the thread every fifth of a millisecond and notes what is
 * running. Nothing is added to the program that is measured. To which part a sample belongs follows from the files of the functions on its stack.
 */
import { Session, type Profiler } from "node:inspector";

/** Between two samples, in microseconds. */
const INTERVAL = 200;

/** A part of the time. */
export interface Part {
  /** `kernels`, `program`, `batches`, … */
  readonly name: string;
  /** ms a step. */
  readonly ms: number;
  /** What it consists of: kernels by op, the program by file. */
  readonly details: readonly { readonly name: string; readonly ms: number }[];
}

/** A function on a stack. */
interface Frame {
  readonly name: string;
  /** Its file below `dist` or `src`, without the ending; `wasm` for a kernel. */
  readonly file: string;
}

const fileOf = (url: string): string => (url.startsWith("wasm:") ? "wasm" : url.replace(/^.*\/(?:dist|src)\//, "").replace(/\.[jt]s$/, ""));

/** The parts that a file on the stack decides, the first that applies. */
const byFile: readonly (readonly [part: string, file: RegExp])[] = [
  ["checkpoints", /^io\/(?!metrics)/],
  ["metrics", /^io\/metrics/],
  ["batches", /^data\//],
  ["evaluation", /^train\/evaluation\//],
  ["upload", /^train\/step\/uploadBatch/],
];

/** Names of V8 for what is no function. */
const byName: ReadonlyMap<string, string> = new Map([
  ["(garbage collector)", "garbage"],
  ["(idle)", "waiting"],
  ["(program)", "other"],
]);

const isEngine = ({ file }: Frame): boolean => file.startsWith("engines/");
/** What a step computes: its batch with the teacher's logits, its gradients, its update. */
const isOfStep = ({ file }: Frame): boolean => /^train\/(step\/|run\/stepBatch)/.test(file);

/** The kernel that runs: `linear.vjp` for a fused one, else the file of its loop, `move`. */
function kernelOf(stack: readonly Frame[]): string {
  const fused = stack.find(({ file }) => /\/fused\/(?!kernel)/.test(file));
  if (fused !== undefined) return `${fused.file.replace(/^.*\//, "")}.${fused.name}`;
  const loop = stack.find((frame) => isEngine(frame) && !frame.file.endsWith("/parallelFor"));
  return loop?.file.replace(/^.*\//, "") ?? "other";
}

/** The part and the detail of a stack, innermost function first. */
function placeOf(stack: readonly Frame[]): readonly [part: string, detail: string] {
  const [leaf] = stack;
  const special = byName.get(leaf?.name ?? "");
  if (special !== undefined) return [special, ""];
  const decided = byFile.find(([, pattern]) => stack.some(({ file }) => pattern.test(file)));
  if (decided !== undefined) return [decided[0], leaf?.file ?? ""];
  if (!stack.some(isOfStep)) return stack.some(isEngine) ? ["evaluation", ""] : ["other", leaf?.file ?? ""];
  return leaf?.file === "wasm" ? ["kernels", kernelOf(stack)] : ["program", leaf?.file ?? ""];
}

/** The stack of each node of a profile. */
function stacksOf({ nodes }: Profiler.Profile): ReadonlyMap<number, readonly Frame[]> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const stackOf = (id: number): readonly Frame[] => {
    const stack: Frame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = byId.get(at)?.callFrame;
      if (frame !== undefined) stack.push({ name: frame.functionName, file: fileOf(frame.url) });
    }
    return stack;
  };
  return new Map(nodes.map(({ id }) => [id, stackOf(id)]));
}

/** Adds a time to a name. */
const addTo = (sums: Map<string, number>, name: string, ms: number): void => void sums.set(name, (sums.get(name) ?? 0) + ms);

/** The parts of a profile of so many steps, the longest first. */
function partsOf(profile: Profiler.Profile, steps: number): readonly Part[] {
  const stacks = stacksOf(profile);
  const parts = new Map<string, Map<string, number>>();
  for (const [i, id] of (profile.samples ?? []).entries()) {
    const [part, detail] = placeOf(stacks.get(id) ?? []);
    const details = parts.get(part) ?? new Map<string, number>();
    parts.set(part, details);
    addTo(details, detail, (profile.timeDeltas?.[i] ?? 0) / 1000 / steps);
  }
  const inOrder = <T extends { readonly ms: number }>(all: readonly T[]): readonly T[] => all.toSorted((a, b) => b.ms - a.ms);
  const found = [...parts].map(([name, details]): Part => {
    const each = inOrder([...details].map(([detail, ms]) => ({ name: detail, ms })));
    return { name, ms: each.reduce((sum, { ms }) => sum + ms, 0), details: each.length > 1 ? each : [] };
  });
  return inOrder(found);
}

/** Starts to take samples of the calling thread. Returns a function that ends it after so many steps and returns the parts of their time. */
export function startSampling(): (steps: number) => readonly Part[] {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
  session.post("Profiler.start");
  return (steps) => {
    let parts: readonly Part[] = [];
    session.post("Profiler.stop", (error, { profile }) => {
      if (error !== null) throw error;
      parts = partsOf(profile, steps);
    });
    session.disconnect();
    return parts;
  };
}
