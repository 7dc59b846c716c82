/**
 * Threads that run the chunks of a job. The engine's own thread writes the job into shared memory, wakes threads that are asleep, runs chunks like
 * the others, and returns when all chunks are done. Chance decides which thread runs which chunk; results do not depend on it.
 */
import type { Exports } from "./module.ts";
import { chunkCount, CHUNKS_PER_THREAD, serialFor, type ParallelFor } from "./parallelFor.ts";
import { startThread, type Thread } from "./thread.ts";
import { CONTROL, runChunks, type ThreadData } from "./worker.ts";

export interface Pool {
  readonly parallelFor: ParallelFor;
  /** Ends the threads. */
  readonly close: () => void;
}

export interface PoolOptions {
  readonly wasm: Exports;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where the scratch of each further thread starts. */
  readonly scratches: readonly number[];
  /** After so many ms in which no chunk was finished, a thread counts as dead. */
  readonly timeoutMs: number;
}

/** The most arguments that a kernel has. */
const SLOTS = 24;
const FAILURE_BYTES = 1024;
/** How often a thread looks for a job before it goes to sleep: somewhat less than a ms. */
const SPINS = 100_000;
/** How often the engine's own thread looks for finished chunks before it goes to sleep, and for how many ms it sleeps at most. */
const LOOKS = 5_000;
const NAP = 20;

/** What all threads get. */
type Common = Omit<ThreadData, "scratch">;

function commonOf({ wasm, module, memory }: PoolOptions, threads: number): Common {
  return {
    module,
    memory,
    kernels: Object.keys(wasm),
    fields: CONTROL,
    control: new Int32Array(new SharedArrayBuffer(CONTROL.fields * Int32Array.BYTES_PER_ELEMENT)),
    jobs: new Float64Array(new SharedArrayBuffer(threads * CHUNKS_PER_THREAD * SLOTS * Float64Array.BYTES_PER_ELEMENT)),
    slots: SLOTS,
    failure: new Uint8Array(new SharedArrayBuffer(FAILURE_BYTES)),
    spins: SPINS,
  };
}

interface Threads {
  /** Why no further job can run; null: jobs can run. */
  readonly dead: () => string | null;
  /** Sets `dead`, and throws it. */
  readonly die: (why: string) => never;
  readonly close: () => void;
}

/** @throws Error where a thread cannot be started; none is left running then */
async function startThreads(common: Common, scratches: readonly number[]): Promise<Threads> {
  const { control } = common;
  let dead: string | null = null;
  let closed = false;
  const running: Thread[] = [];
  const close = (): void => {
    closed = true;
    dead ??= "wasm: this engine is closed";
    Atomics.store(control, CONTROL.stop, 1);
    Atomics.add(control, CONTROL.job, 1);
    Atomics.notify(control, CONTROL.job);
    for (const thread of running) thread.terminate();
  };
  const started = scratches.map(
    (scratch) =>
      new Promise<void>((resolve, reject) => {
        const gone = (why: string): void => {
          if (!closed) dead = `wasm: a thread has ended (${why}); this engine cannot go on`;
          reject(new Error(`wasm: a thread could not be started: ${why}`));
        };
        running.push(startThread({ ...common, scratch }, { ready: resolve, gone }));
      }),
  );
  try {
    await Promise.all(started);
  } catch (error) {
    close(); // the others would sleep forever
    throw error;
  }
  const die = (why: string): never => {
    dead = why;
    throw new Error(why);
  };
  return { dead: () => dead, die, close };
}

/** Sleeps until the number of finished chunks is no longer `done`, or for some ms. The main thread of a page may not sleep: it returns at once. */
function nap({ control }: Common, done: number): void {
  if (typeof window !== "undefined") return;
  Atomics.store(control, CONTROL.waiting, 1);
  Atomics.wait(control, CONTROL.done, done, NAP);
  Atomics.store(control, CONTROL.waiting, 0);
}

/** Waits until so many chunks are done. Sleeps after a while, because a thread that is late may need this one's processor. */
function join(common: Common, chunks: number, timeoutMs: number, die: Threads["die"]): void {
  let before = -1;
  let since = 0;
  for (let looks = 0; ; looks++) {
    const done = Atomics.load(common.control, CONTROL.done);
    if (done === chunks) return;
    if (looks < LOOKS) continue;
    const now = performance.now();
    if (done !== before) [before, since] = [done, now];
    if (now - since > timeoutMs) die(`wasm: a thread has not answered for ${timeoutMs} ms; this engine cannot go on`);
    nap(common, done);
  }
}

/** Lets threads begin with a job of so many chunks, whose arguments are written already. */
function beginJob({ control }: Common, kernel: number, chunks: number): void {
  control[CONTROL.kernel] = kernel;
  control[CONTROL.done] = 0;
  Atomics.store(control, CONTROL.left, chunks); // from here on, even a thread that is still in the job before may take chunks
  Atomics.add(control, CONTROL.job, 1);
  if (Atomics.load(control, CONTROL.asleep) > 0) Atomics.notify(control, CONTROL.job);
}

/** @throws Error with the text of the job's first failure, if there was one */
function rethrowFailure({ control, failure }: Common): void {
  const length = Atomics.exchange(control, CONTROL.failure, 0);
  if (length > 0) throw new Error(new TextDecoder().decode(failure.slice(0, length)));
}

/** @throws Error where a thread cannot be started */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const { wasm, scratches, timeoutMs } = options;
  const threads = scratches.length + 1;
  const common = commonOf(options, threads);
  const { kernels, control, jobs } = common;
  const { dead, die, close } = await startThreads(common, scratches);
  const functions = kernels.map((name): unknown => Reflect.get(wasm, name));
  const call = (kernel: number, args: readonly number[]): void => {
    const f = functions[kernel];
    if (typeof f === "function") Reflect.apply(f, undefined, args);
  };
  const serial = serialFor(wasm);

  const parallelFor: ParallelFor = (kernel, total, minimumChunk, args) => {
    const why = dead();
    if (why !== null) throw new Error(why);
    const chunks = chunkCount(threads, total, minimumChunk);
    if (chunks <= 1) return serial(kernel, total, minimumChunk, args);
    let start = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const end = Math.floor(((chunk + 1) * total) / chunks);
      const list = args(start, end - start).map(Number);
      jobs.set(list, chunk * SLOTS);
      control[CONTROL.arity] = list.length;
      start = end;
    }
    beginJob(common, kernels.indexOf(kernel), chunks);
    try {
      runChunks(common, call);
    } finally {
      join(common, chunks, timeoutMs, die);
    }
    rethrowFailure(common);
  };
  return { parallelFor, close };
}
