/** Opens the communication between the processes that mpirun, mpiexec or srun has started. */
import { Worker } from "node:worker_threads";
import { launchOf } from "./launch.ts";
import { VARIABLE } from "./library.ts";
import { checkReduction, RankError, type Ranks, type Reduction } from "./ranks.ts";
import { CONTROL, type Answer, type Request, type ThreadTask } from "./requests.ts";

export interface RanksOptions {
  /** After so many seconds without a sign of life a rank counts as dead. Default 20. */
  readonly timeout?: number;
}

/** The program of the thread, seen from src/ and from dist/. */
const PROGRAM = new URL("../../dist/ranks/thread.js", import.meta.url);
const TIMEOUT = 20;

/** A request without its number. */
type Asked = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

type Settled = Extract<Answer, { readonly id: number }>;

/** The thread, seen from the main one. */
interface Line {
  readonly opened: Promise<Answer & { readonly kind: "opened" }>;
  /** Resolves with the texts of the answer. */
  readonly ask: (asked: Asked) => Promise<readonly string[]>;
  /** Resolves when the thread has ended. */
  readonly ended: Promise<void>;
}

function startThread(task: ThreadTask): Line {
  const worker = new Worker(PROGRAM, { workerData: task });
  const waiting = new Map<number, (answer: Settled) => void>();
  let asked = 0;
  /** Why no more requests are answered. */
  let gone: string | null = null;
  const failed = ({ message, rank }: { readonly message: string; readonly rank: number | null }): Error =>
    rank === null ? new Error(message) : new RankError(rank, message);
  const opened = new Promise<Answer & { readonly kind: "opened" }>((resolve, reject) => {
    const end = (why: string): void => {
      gone ??= why;
      reject(new Error(why));
      for (const [id, settle] of waiting) settle({ kind: "failed", id, message: why, rank: null });
      waiting.clear();
    };
    worker.on("message", (answer: Answer) => {
      if (answer.kind === "opened") return resolve(answer);
      if (answer.kind === "refused") return reject(new RangeError(answer.message));
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    });
    worker.on("error", (error) => end(`MPI: its thread has ended: ${error.message}`));
    worker.on("exit", () => end("MPI: the communication is closed"));
  });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  const ask = (one: Asked): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      if (gone !== null) return reject(new Error(gone));
      const id = asked++;
      waiting.set(id, (answer) => (answer.kind === "done" ? resolve(answer.texts) : reject(failed(answer))));
      worker.postMessage({ id, ...one } satisfies Request); // oxlint-disable-line unicorn/require-post-message-target-origin -- a thread, not a window
      Atomics.add(task.control, CONTROL.posted, 1);
      Atomics.notify(task.control, CONTROL.posted);
    });
  return { opened, ask, ended };
}

type Numbers = Float32Array | Float64Array;

/** A copy in shared memory. */
function shared(numbers: Numbers): Numbers {
  const buffer = new SharedArrayBuffer(numbers.byteLength);
  const copy = numbers instanceof Float32Array ? new Float32Array(buffer) : new Float64Array(buffer);
  copy.set(numbers);
  return copy;
}

/**
 * Settings of UCX, the transports of many MPI libraries, unless the user has set them. UCX replaces the functions by which a process takes and returns memory,
 * which is not safe while other threads run: with MPICH 4.0 and UCX 1.13, 6 of 100 jobs of 4 ranks crashed in V8's memory, without that none. (UCX then keeps no memory
 * registered for a network with RDMA, and registers it for each large transfer.) It also catches the signals by which WebAssembly notices an access out of bounds.
 */
const UCX = { UCX_MEM_MMAP_HOOK_MODE: "none", UCX_MEM_MALLOC_HOOKS: "n", UCX_ERROR_SIGNALS: "" } as const;

/**
 * The ranks that this process belongs to; null: it was not started by mpirun, mpiexec or srun. All of them must call it; `mpirun -n 1` gives one rank.
 *
 * @throws RangeError that says what is missing: MPI, the package koffi, or a library that belongs to the launcher
 */
export async function openRanks({ timeout = TIMEOUT }: RanksOptions = {}): Promise<Ranks | null> {
  const launch = launchOf(process.env);
  if (launch === null) return null;
  for (const [name, value] of Object.entries(UCX)) process.env[name] ??= value; // here, since only the main thread's variables are those of the process
  const control = new Int32Array(new SharedArrayBuffer(CONTROL.fields * Int32Array.BYTES_PER_ELEMENT));
  const { ask, opened, ended } = startThread({ ...launch, library: process.env[VARIABLE] ?? null, timeout, control });
  const { rank, members } = await opened;
  const count = members.length;
  function sum(numbers: Float32Array, how: Reduction): Promise<Float32Array>;
  function sum(numbers: Float64Array, how: Reduction): Promise<Float64Array>;
  async function sum(numbers: Numbers, how: Reduction): Promise<Numbers> {
    checkReduction(how, count);
    const sums = shared(numbers);
    await ask({ kind: "sum", numbers: sums, how });
    return sums;
  }
  const gather = async <T>(value: T): Promise<readonly T[]> => {
    const texts = await ask({ kind: "gather", text: JSON.stringify(value) });
    return texts.map((text): T => JSON.parse(text));
  };
  return {
    rank,
    count,
    members,
    sum,
    barrier: async () => void (await gather(null)),
    gather,
    close: async () => {
      await ask({ kind: "close" });
      await ended;
    },
    abort: async (code) => {
      await ask({ kind: "abort", code });
      process.exit(code);
    },
  };
}
