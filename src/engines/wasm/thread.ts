/** Starts a thread in Node or in a browser. The thread gets its program as text, so that it needs no file. */
import { runThread, runChunks, type ThreadData } from "./worker.ts";

export interface Thread {
  readonly terminate: () => unknown;
}

export interface ThreadEvents {
  readonly ready: () => void;
  /** The thread has ended or could not be started. */
  readonly gone: (why: string) => void;
}

/** Expects `data` and `ready` in its scope. */
const PROGRAM = `(${runThread.toString()})(data, ${runChunks.toString()}, ready);`;
const IN_NODE = `const { workerData: data, parentPort } = process.getBuiltinModule("node:worker_threads");
const ready = () => parentPort.postMessage(0);
${PROGRAM}`;
const IN_BROWSER = `const ready = () => postMessage(0);
onmessage = ({ data }) => { ${PROGRAM} close(); };`;

/** For browsers that may not load the program of a worker: their error event has no message. */
const REFUSED = "the browser refuses it, most likely because the page's content security policy lacks `worker-src blob:`";

/** Undefined in a browser. */
const nodeThreads = () => globalThis.process?.getBuiltinModule?.("node:worker_threads");

export function startThread(data: ThreadData, { ready, gone }: ThreadEvents): Thread {
  const node = nodeThreads();
  if (node !== undefined) {
    const worker = new node.Worker(IN_NODE, { eval: true, workerData: data });
    worker.once("message", () => {
      worker.unref(); // so that a sleeping thread does not keep the process alive
      ready();
    });
    worker.once("error", (error) => gone(error.message));
    worker.once("exit", (code) => gone(`exit code ${code}`));
    return worker;
  }
  const url = URL.createObjectURL(new Blob([IN_BROWSER], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.addEventListener("message", () => {
    URL.revokeObjectURL(url);
    ready();
  });
  worker.addEventListener("error", (event) => gone(event instanceof ErrorEvent ? event.message : REFUSED));
  worker.postMessage(data, []);
  return worker;
}
