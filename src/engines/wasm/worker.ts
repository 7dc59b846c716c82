/** What a thread of the engine runs. It takes parts of jobs until it is told to stop, and is asleep where there are none. */

/** Fields of the control block, 32-bit numbers that all threads share. Jobs are written by the engine's own thread alone. */
export const CONTROL = {
  /** Grows by one with each job; threads wait on it. */
  job: 0,
  /** Parts that nobody has taken. Falls below 0 where threads look for more. */
  left: 1,
  /** Parts that are done. */
  done: 2,
  /** The place of the job's kernel among the names, and the length of its arguments. */
  kernel: 3,
  arity: 4,
  /** Threads that are asleep, or about to be. */
  asleep: 5,
  /** 1: the engine's own thread is asleep until the number of parts that are done changes. */
  waiting: 6,
  /** 1: threads end. */
  stop: 7,
  /** Bytes of the text of the first failure; 0: none. */
  failure: 8,
  fields: 9,
} as const;

/** What a thread is given. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where this thread's scratch starts. */
  readonly scratch: number;
  readonly kernels: readonly string[];
  readonly fields: typeof CONTROL;
  readonly control: Int32Array<SharedArrayBuffer>;
  /** The arguments of each part, `slots` numbers apart. */
  readonly jobs: Float64Array<SharedArrayBuffer>;
  readonly slots: number;
  readonly failure: Uint8Array<SharedArrayBuffer>;
  /** Looks for a job before it goes to sleep: waking up takes 50 to 100 µs, and the next job mostly comes sooner. */
  readonly spins: number;
}

/** What is said of a job, to all threads. */
export type Jobs = Pick<ThreadData, "fields" | "control" | "jobs" | "slots">;

/**
 * Takes parts of the present job and does them, the last one first, until there are none left. One step takes a part and tells whether there was
 * one, as between two steps another job may begin. Its source goes to other threads as text: it refers to nothing outside.
 */
export function takeParts({ fields, control, jobs, slots }: Jobs, call: (kernel: number, args: readonly number[]) => void): void {
  for (;;) {
    const part = Atomics.sub(control, fields.left, 1) - 1;
    if (part < 0) return;
    const from = part * slots;
    try {
      call(Atomics.load(control, fields.kernel), Array.from(jobs.subarray(from, from + Atomics.load(control, fields.arity))));
    } finally {
      Atomics.add(control, fields.done, 1);
      if (Atomics.load(control, fields.waiting) === 1) Atomics.notify(control, fields.done);
    }
  }
}

/** The life of a thread. Refers to nothing outside either. */
export function live(data: ThreadData, take: typeof takeParts, ready: () => void): void {
  const { module, memory, scratch, kernels, fields, control, failure, spins } = data;
  const textAt = (pointer: number): string => {
    const length = new DataView(memory.buffer).getUint32(pointer - 4, true);
    return String.fromCharCode(...new Uint16Array(memory.buffer.slice(pointer, pointer + length)));
  };
  const abort = (message: number, file: number, line: number): never => {
    throw new Error(`wasm: ${textAt(message)} (${textAt(file)}:${line})`);
  };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort } });
  const functions = kernels.map((name): unknown => exports[name]);
  const run = (kernel: number, args: readonly number[]): void => {
    const f = functions[kernel];
    try {
      if (typeof f === "function") Reflect.apply(f, undefined, args);
    } catch (error) {
      const text = new TextEncoder().encode(error instanceof Error ? error.message : "unknown").slice(0, failure.length);
      failure.set(text);
      Atomics.store(control, fields.failure, text.length);
    }
  };
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
    take(data, run);
  }
}
