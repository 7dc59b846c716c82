/** The program of a thread of the engine: it runs chunks of jobs until the engine stops it, and sleeps while there is no job. */

/** Fields of the control block: 32-bit numbers that all threads share. Only the engine's own thread writes jobs. */
export const CONTROL = {
  /** Number of the job, one more for each; threads wait on it. */
  job: 0,
  /** Chunks that no thread has taken. Falls below 0 when threads look for more. */
  left: 1,
  /** Chunks that are done. */
  done: 2,
  /** Index of the job's kernel among the names, and how many arguments it has. */
  kernel: 3,
  arity: 4,
  /** Threads that are asleep or about to be. */
  asleep: 5,
  /** 1: the engine's own thread sleeps until `done` changes. */
  waiting: 6,
  /** 1: threads end. */
  stop: 7,
  /** Bytes of the text of the first failure; 0: there is none. */
  failure: 8,
  fields: 9,
} as const;

/** What a thread gets when it starts. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where this thread's scratch starts. */
  readonly scratch: number;
  readonly kernels: readonly string[];
  readonly fields: typeof CONTROL;
  readonly control: Int32Array<SharedArrayBuffer>;
  /** The arguments of each chunk, `slots` numbers apart. */
  readonly jobs: Float64Array<SharedArrayBuffer>;
  readonly slots: number;
  readonly failure: Uint8Array<SharedArrayBuffer>;
  /** How often it looks for a job before it goes to sleep: waking up takes 50 to 100 µs, and the next job mostly comes sooner. */
  readonly spins: number;
}

/** Where a job is written, for all threads. */
export type Jobs = Pick<ThreadData, "fields" | "control" | "jobs" | "slots">;

/**
 * Takes chunks of the current job, the last one first, and runs them until none are left. One atomic step both takes a chunk and finds whether
 * there was one, because another job may begin between two steps. The source of this function is sent to threads as text: it must refer to
 * nothing outside itself.
 */
export function runChunks({ fields, control, jobs, slots }: Jobs, call: (kernel: number, args: readonly number[]) => void): void {
  for (;;) {
    const chunk = Atomics.sub(control, fields.left, 1) - 1;
    if (chunk < 0) return;
    const from = chunk * slots;
    try {
      call(Atomics.load(control, fields.kernel), Array.from(jobs.subarray(from, from + Atomics.load(control, fields.arity))));
    } finally {
      Atomics.add(control, fields.done, 1);
      if (Atomics.load(control, fields.waiting) === 1) Atomics.notify(control, fields.done);
    }
  }
}

/**
 * The whole life of a thread. It is sent as text as well, so it refers to nothing outside itself. It also declares no named functions: some bundlers
 * wrap those in a helper that would be outside.
 */
export function runThread(data: ThreadData, run: typeof runChunks, ready: () => void): void {
  const { module, memory, scratch, kernels, fields, control, failure, spins } = data;
  const env = {
    memory,
    abort(message: number, file: number, line: number): never {
      const [what, where] = [message, file].map((pointer) => {
        const length = new DataView(memory.buffer).getUint32(pointer - 4, true);
        return String.fromCharCode(...new Uint16Array(memory.buffer.slice(pointer, pointer + length)));
      });
      throw new Error(`wasm: ${what} (${where}:${line})`);
    },
  };
  const { exports } = new WebAssembly.Instance(module, { env });
  const functions = kernels.map((name): unknown => exports[name]);
  const useScratch = exports["useScratch"];
  if (typeof useScratch === "function") Reflect.apply(useScratch, undefined, [scratch]);
  ready();
  let seen = 0;
  for (;;) {
    for (let spin = 0; Atomics.load(control, fields.job) === seen; spin++) {
      if (spin < spins) continue;
      Atomics.add(control, fields.asleep, 1);
      Atomics.wait(control, fields.job, seen);
      Atomics.sub(control, fields.asleep, 1);
      spin = 0;
    }
    seen = Atomics.load(control, fields.job);
    if (Atomics.load(control, fields.stop) === 1) return;
    run(data, (kernel, args) => {
      const f = functions[kernel];
      try {
        if (typeof f === "function") Reflect.apply(f, undefined, args);
      } catch (error) {
        const text = new TextEncoder().encode(error instanceof Error ? error.message : "unknown").slice(0, failure.length);
        failure.set(text);
        Atomics.store(control, fields.failure, text.length);
      }
    });
  }
}
