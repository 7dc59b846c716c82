/** A thread, as Node starts one and as a browser does. It gets its program as text, so that no file has to be found. */
import { live, takeParts, type ThreadData } from "./worker.ts";

export interface Thread {
  readonly terminate: () => unknown;
}

export interface ThreadEvents {
  readonly ready: () => void;
  /** It has ended, or could not be started. */
  readonly gone: (why: string) => void;
}

/** With `data` and `ready` of what stands before it. */
const PROGRAM = `(${live.toString()})(data, ${takeParts.toString()}, ready);`;
const IN_NODE = `const { workerData: data, parentPort } = process.getBuiltinModule("node:worker_threads");
const ready = () => parentPort.postMessage(0);
${PROGRAM}`;
const IN_BROWSER = `const ready = () => postMessage(0);
onmessage = ({ data }) => { ${PROGRAM} close(); };`;

/** Where a worker's program may not even be read, browsers give an event without a message. */
const REFUSED = "the browser refuses it; the likely reason is a content policy without `worker-src blob:`";

/** Undefined in a browser. */
const nodeThreads = () => globalThis.process?.getBuiltinModule?.("node:worker_threads");

export function startThread(data: ThreadData, { ready, gone }: ThreadEvents): Thread {
  const node = nodeThreads();
  if (node !== undefined) {
    const worker = new node.Worker(IN_NODE, { eval: true, workerData: data });
    worker.once("message", () => {
      worker.unref(); // a thread that is asleep does not keep the process
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
