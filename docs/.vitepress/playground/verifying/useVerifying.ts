/** The page's side of the worker that verifies: it starts with the first question. */
import { onUnmounted } from "vue";
import type { Answer, Question } from "./messages.ts";

type Without<T> = T extends unknown ? Omit<T, "id"> : never;

/** A question without its number. */
export type Asked = Without<Question>;

/** Asks the worker. @throws Error with its message, if it fails */
export type Ask = (question: Asked) => Promise<Exclude<Answer, { readonly told: "failed" }>>;

/** A worker that ends with the component. */
export function useVerifying(): Ask {
  let worker: Worker | null = null;
  let asked = 0;
  const waiting = new Map<number, (answer: Answer) => void>();

  function started(): Worker {
    const own = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    own.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    });
    own.addEventListener("error", ({ message }) => {
      for (const [id, answered] of waiting) answered({ id, told: "failed", message });
      waiting.clear();
    });
    return own;
  }

  onUnmounted(() => worker?.terminate());
  return async (question) => {
    worker ??= started();
    const id = ++asked;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    worker.postMessage({ ...question, id }, []);
    const answer = await answered;
    if (answer.told === "failed") throw new Error(answer.message);
    return answer;
  };
}
