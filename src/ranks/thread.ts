/**
 * The program of the thread that makes all MPI calls. It carries out requests one after the other, without ever blocking in MPI: it asks whether a transfer is over, and
 * sleeps between the questions. Meanwhile it sends and hears heartbeats.
 */
import { hostname } from "node:os";
import { pid } from "node:process";
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from "node:worker_threads";
import { startBeating } from "./beating.ts";
import { halfSum } from "./halfSum.ts";
import { loadLibrary } from "./library.ts";
import { gatherBytes, type Links, type Pending, type Work } from "./links.ts";
import { MpiError, startMpi, type Mpi } from "./mpi.ts";
import { orderedSum } from "./orderedSum.ts";
import { RankError, rankName, type Member } from "./ranks.ts";
import { CONTROL, type Answer, type Request, type ThreadTask } from "./requests.ts";

/** Tags of messages. */
const [WORK, BEATS] = [1, 2];
/** Questions without a sleep, since most transfers take microseconds; then, in ms, the sleep between two. */
const [QUESTIONS, NAP_MS] = [200, 0.05];
/** The longest sleep without a request, in ms: heartbeats go on. */
const IDLE_MS = 100;

/** Scratch for ordered sums, of the largest size so far. */
function scratchOf(): (bytes: number) => ArrayBuffer {
  let scratch = new ArrayBuffer(0);
  return (bytes) => {
    if (scratch.byteLength < bytes) scratch = new ArrayBuffer(bytes);
    return scratch;
  };
}

const nothing: readonly string[] = [];

/** The work of a sum. */
function* sumOf(
  mpi: Mpi,
  links: Links,
  { numbers, how }: Request & { readonly kind: "sum" },
  scratch: (bytes: number) => ArrayBuffer,
): Work<void> {
  const half = Math.ceil(numbers.length / 2);
  if (how.kind === "fast" && how.wire === "f16" && numbers instanceof Float32Array) yield* halfSum(links, numbers);
  else if (how.kind === "fast") yield mpi.beginSum(numbers);
  else if (numbers instanceof Float32Array) yield* orderedSum(links, numbers, new Float32Array(scratch(4 * half), 0, half));
  else yield* orderedSum(links, numbers, new Float64Array(scratch(8 * half), 0, half));
}

function* gathered(links: Links, text: string): Work<readonly string[]> {
  const found = yield* gatherBytes(links, new TextEncoder().encode(text));
  return found.map((bytes) => new TextDecoder().decode(bytes));
}

/** Carries out work; `look` is called all the time, and may throw. */
function carryOut<T>(work: Work<T>, control: Int32Array, look: () => void): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    wait(value, control, look);
  }
}

function wait(isOver: Pending, control: Int32Array, look: () => void): void {
  for (let questions = 0; !isOver(); questions++) {
    look();
    if (questions > QUESTIONS) Atomics.wait(control, CONTROL.nap, 0, NAP_MS);
  }
}

/** The next request. */
function nextRequest(port: MessagePort, control: Int32Array, look: () => void): Request {
  for (;;) {
    const posted = Atomics.load(control, CONTROL.posted);
    const received: { readonly message: Request } | undefined = receiveMessageOnPort(port);
    if (received !== undefined) return received.message;
    look();
    Atomics.wait(control, CONTROL.posted, posted, IDLE_MS);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The error as all ranks should see it: which rank it concerns, by name. */
function named(error: unknown, members: readonly Member[]): { readonly message: string; readonly rank: number | null } {
  if (error instanceof RankError) return { message: error.message, rank: error.rank };
  const rank = error instanceof MpiError ? error.rank : null;
  const whom = rank === null ? "MPI" : `${rankName(rank, members[rank] ?? null)} cannot be reached`;
  return { message: `${whom}: ${messageOf(error)}`, rank };
}

/** Opens the communication, and carries out requests until one ends it. After a failure every request fails in the same way. */
function serve(mpi: Mpi, port: MessagePort, { control, timeout }: ThreadTask): void {
  const answer = (one: Answer): void => port.postMessage(one);
  const links = mpi.links(WORK);
  const silent = startBeating(mpi.links(BEATS), 1000 * timeout);
  const scratch = scratchOf();
  let members: readonly Member[] = [];
  const look = (): void => {
    const rank = silent();
    if (rank !== null) throw new RankError(rank, `${rankName(rank, members[rank] ?? null)} has not answered for ${timeout} s`);
  };
  const run = (request: Request): readonly string[] => {
    if (request.kind === "sum") carryOut(sumOf(mpi, links, request, scratch), control, look);
    if (request.kind === "gather") return carryOut(gathered(links, request.text), control, look);
    if (request.kind === "close") carryOut(gathered(links, ""), control, look);
    return nothing;
  };

  const own: Member = { host: hostname(), pid };
  members = carryOut(gathered(links, JSON.stringify(own)), control, look).map((text): Member => JSON.parse(text));
  answer({ kind: "opened", rank: mpi.rank, members });
  let failure: { readonly message: string; readonly rank: number | null } | null = null;
  for (;;) {
    let request: Request | null = null;
    try {
      request = nextRequest(port, control, failure === null ? look : () => undefined);
      if (request.kind === "abort") mpi.abort(request.code);
      const texts = failure === null ? run(request) : nothing;
      if (failure === null && request.kind === "close") mpi.finalize();
      if (failure === null) answer({ kind: "done", id: request.id, texts });
    } catch (error) {
      failure = named(error, members);
    }
    if (failure !== null && request !== null) answer({ kind: "failed", id: request.id, ...failure });
    if (request?.kind === "close") return;
  }
}

const port = parentPort;
const task: ThreadTask = workerData;
const { family, library, by, count } = task;
if (port === null) throw new Error("this is the program of a thread");
try {
  const loaded = await loadLibrary(family, library);
  const mpi = startMpi(loaded);
  if (count !== null && count !== mpi.count) {
    mpi.finalize();
    throw new RangeError(
      `MPI: ${by} has started ${count} processes, but ${loaded.file} (${loaded.family}) sees ${mpi.count}: it belongs to another MPI; DEIT_MPI=PATH names the right library`,
    );
  }
  serve(mpi, port, task);
} catch (error) {
  port.postMessage({ kind: "refused", message: messageOf(error) } satisfies Answer);
}
