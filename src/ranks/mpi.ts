/** The functions of MPI that are used, none of which waits for another rank but the first and the last. All are called by one thread. */
import { bytesOf, type Links, type Pending } from "./links.ts";
import type { Handle, MpiLibrary } from "./library.ts";

export interface Mpi {
  readonly rank: number;
  readonly count: number;
  /** Messages of one kind; those of different tags do not mix. */
  readonly links: (tag: number) => Links;
  /** Begins to replace numbers by their sums over all ranks, by MPI_Iallreduce. */
  readonly beginSum: (numbers: Float32Array | Float64Array) => Pending;
  /** Ends the processes of all ranks. */
  readonly abort: (code: number) => void;
  /** Returns when all ranks have called it. Begun receives are withdrawn. */
  readonly finalize: () => void;
}

/** An MPI function has failed while another rank took part in it. */
export class MpiError extends Error {
  /** `MpiError`. */
  override readonly name = "MpiError";
  /** The other rank; null: all. */
  readonly rank: number | null;

  constructor(rank: number | null, message: string) {
    super(message);
    this.rank = rank;
  }
}

/** MPI_THREAD_FUNNELED: only the thread that starts MPI calls it, beside other threads that do not. */
const FUNNELED = 1;
/** More than MPI_MAX_ERROR_STRING of any library. */
const TEXT_BYTES = 4096;
/** Counts are 32-bit. */
const MOST = 2 ** 31 - 1;

/** Memory outside of V8's heap, which is never moved. */
const fixed = (bytes: number): Uint8Array<SharedArrayBuffer> => new Uint8Array(new SharedArrayBuffer(bytes));

/** @throws MpiError with MPI's own text, where a status is not that of success */
function checkerOf({ func }: MpiLibrary): (name: string, status: unknown, rank: number | null) => void {
  const errorString = func("MPI_Error_string", ["int", "void *", "void *"]);
  return (name, status, rank) => {
    if (status === 0) return;
    const [text, length] = [fixed(TEXT_BYTES), new Int32Array(fixed(4).buffer)];
    errorString(status, text, length);
    throw new MpiError(rank, `${name}: ${new TextDecoder().decode(text.slice(0, length[0])).split("\n")[0] ?? ""}`);
  };
}

/** Starts MPI in this thread. */
export function startMpi(library: MpiLibrary): Mpi {
  const { func, handle, world, byte, float, double, sum, errorsReturn, statusIgnore, inPlace } = library;
  const check = checkerOf(library);
  const initThread = func("MPI_Init_thread", ["void *", "void *", "int", "void *"]);
  const setErrors = func("MPI_Comm_set_errhandler", [handle, handle]);
  const isend = func("MPI_Isend", ["void *", "int", handle, "int", "int", handle, "void *"]);
  const irecv = func("MPI_Irecv", ["void *", "int", handle, "int", "int", handle, "void *"]);
  const iallreduce = func("MPI_Iallreduce", ["void *", "void *", "int", handle, handle, handle, "void *"]);
  const test = func("MPI_Test", ["void *", "void *", "void *"]);
  const cancel = func("MPI_Cancel", ["void *"]);

  check("MPI_Init_thread", initThread(null, null, FUNNELED, fixed(4)), null);
  check("MPI_Comm_set_errhandler", setErrors(world, errorsReturn), null);
  const ask = (name: string): number => {
    const answer = new Int32Array(fixed(4).buffer);
    check(name, func(name, [handle, "void *"])(world, answer), null);
    return answer[0] ?? 0;
  };

  /** What MPI reads or writes at the moment, so that none of it is garbage-collected, by request. */
  const busy = new Map<Uint8Array, ArrayBufferView>();
  const flag = new Int32Array(fixed(4).buffer);
  const pending = (name: string, rank: number | null, memory: ArrayBufferView, begin: (request: Uint8Array) => unknown): Pending => {
    const request = fixed(8); // of a pointer, or less
    check(name, begin(request), rank);
    busy.set(request, memory);
    return () => {
      if (!busy.has(request)) return true;
      check(name, test(request, flag, statusIgnore), rank);
      return flag[0] !== 0 && busy.delete(request);
    };
  };
  const transfer =
    (name: string, f: Native, tag: number) =>
    (rank: number, bytes: Uint8Array): Pending => {
      if (bytes.length > MOST) throw new RangeError(`MPI: a message of ${bytes.length} bytes; at most ${MOST} would be right`);
      return bytes.length === 0
        ? () => true
        : pending(name, rank, bytes, (request) => f(bytes, bytes.length, byte, rank, tag, world, request));
    };

  const [rank, count] = [ask("MPI_Comm_rank"), ask("MPI_Comm_size")];
  return {
    rank,
    count,
    links: (tag) => ({ rank, count, send: transfer("MPI_Isend", isend, tag), receive: transfer("MPI_Irecv", irecv, tag) }),
    beginSum: (numbers) => {
      const type: Handle = numbers instanceof Float64Array ? double : float;
      return pending("MPI_Iallreduce", null, numbers, (request) =>
        iallreduce(inPlace, bytesOf(numbers), numbers.length, type, sum, world, request),
      );
    },
    abort: (code) => void func("MPI_Abort", [handle, "int"])(world, code),
    finalize: () => {
      for (const request of busy.keys()) cancel(request);
      func("MPI_Finalize", [])();
    },
  };
}

type Native = ReturnType<MpiLibrary["func"]>;
