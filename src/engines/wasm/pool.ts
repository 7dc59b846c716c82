/**
 * Threads for the parts of a job. The engine's own thread writes the job down, wakes whoever is asleep, takes parts like the others, and goes on
 * when all are done. Which thread does which part is left to chance; bits do not depend on it.
 */
import { partCount, PARTS, undealt, type Deal } from "./deal.ts";
import type { Exports } from "./module.ts";
import { startThread, type Thread } from "./thread.ts";
import { CONTROL, takeParts } from "./worker.ts";

export interface Pool {
  readonly deal: Deal;
  /** Ends the threads. */
  readonly close: () => void;
}

export interface PoolOptions {
  readonly wasm: Exports;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where the scratch of each further thread starts. */
  readonly scratches: readonly number[];
  /** ms without any part done after which a thread is taken for dead. */
  readonly patience: number;
}

/** Arguments that a kernel has at most. */
const SLOTS = 24;
const FAILURE_BYTES = 1024;
/** Looks for a job before a thread goes to sleep, somewhat less than a ms. */
const SPINS = 100_000;
/** Looks at the parts that are done before the engine's own thread goes to sleep, for so many ms at most. */
const LOOKS = 5_000;
const NAP = 20;

/** @throws Error where a thread cannot be started */
export async function startPool({ wasm, module, memory, scratches, patience }: PoolOptions): Promise<Pool> {
  const threads = scratches.length + 1;
  const kernels = Object.keys(wasm);
  const control = new Int32Array(new SharedArrayBuffer(CONTROL.fields * Int32Array.BYTES_PER_ELEMENT));
  const jobs = new Float64Array(new SharedArrayBuffer(threads * PARTS * SLOTS * Float64Array.BYTES_PER_ELEMENT));
  const failure = new Uint8Array(new SharedArrayBuffer(FAILURE_BYTES));
  const common = { module, memory, kernels, fields: CONTROL, control, jobs, slots: SLOTS, failure, spins: SPINS };
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
    close(); // the others would sleep for ever
    throw error;
  }
  const functions = kernels.map((name): unknown => Reflect.get(wasm, name));
  const call = (kernel: number, args: readonly number[]): void => {
    const f = functions[kernel];
    if (typeof f === "function") Reflect.apply(f, undefined, args);
  };

  /** Until `done` is no longer what it was, or some ms have passed. A page's own thread may not sleep, and looks again at once. */
  const doze = (done: number): void => {
    if (typeof window !== "undefined") return;
    Atomics.store(control, CONTROL.waiting, 1);
    Atomics.wait(control, CONTROL.done, done, NAP);
    Atomics.store(control, CONTROL.waiting, 0);
  };

  /** Until all parts are done. Sleeps after a while, as a thread that is late may be in need of this one's processor. */
  const join = (parts: number): void => {
    let before = -1;
    let since = 0;
    for (let looks = 0; ; looks++) {
      const done = Atomics.load(control, CONTROL.done);
      if (done === parts) return;
      if (looks < LOOKS) continue;
      const now = performance.now();
      if (done !== before) [before, since] = [done, now];
      if (now - since > patience) {
        dead = `wasm: a thread has not answered for ${patience} ms; this engine cannot go on`;
        throw new Error(dead);
      }
      doze(done);
    }
  };

  const all = undealt(wasm);
  const deal: Deal = (kernel, total, grain, args) => {
    if (dead !== null) throw new Error(dead);
    const parts = partCount(threads, total, grain);
    if (parts <= 1) return all(kernel, total, grain, args);
    let from = 0;
    for (let part = 0; part < parts; part++) {
      const end = Math.floor(((part + 1) * total) / parts);
      const list = args(from, end - from).map(Number);
      jobs.set(list, part * SLOTS);
      control[CONTROL.arity] = list.length;
      from = end;
    }
    control[CONTROL.kernel] = kernels.indexOf(kernel);
    control[CONTROL.done] = 0;
    Atomics.store(control, CONTROL.left, parts); // from here on, even a thread that comes late from the job before may take parts
    Atomics.add(control, CONTROL.job, 1);
    if (Atomics.load(control, CONTROL.asleep) > 0) Atomics.notify(control, CONTROL.job);
    try {
      takeParts(common, call);
    } finally {
      join(parts);
    }
    const length = Atomics.exchange(control, CONTROL.failure, 0);
    if (length > 0) throw new Error(new TextDecoder().decode(failure.slice(0, length)));
  };
  return { deal, close };
}
