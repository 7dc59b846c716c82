/** The page: starts the worker, and forwards the requests of a spec to it. */
import type { Answer, Question } from "./worker.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const broken = new Promise<never>((_, reject) => {
  worker.addEventListener("error", ({ message }) => reject(new Error(`the worker does not run: ${message}`)));
});

function ask(question: Question): Promise<Answer<unknown>> {
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise<Answer<unknown>>((resolve) => {
    port1.addEventListener("message", ({ data }: MessageEvent<Answer<unknown>>) => resolve(data));
  });
  port1.start();
  worker.postMessage(question, [port2]);
  return Promise.race([answered, broken]);
}

Object.assign(globalThis, { ask });
