/** The worker: does a job, and answers on the port that came with the request. */
import { jobs, type Jobs } from "./jobs.ts";

export interface Question {
  readonly job: keyof Jobs;
  readonly of: readonly unknown[];
}

export type Answer<T> = { readonly value: T } | { readonly error: string };

addEventListener("message", ({ data: { job, of }, ports: [port] }: MessageEvent<Question>) => {
  const answer = (answer: Answer<unknown>): void => port?.postMessage(answer);
  Promise.resolve(Reflect.apply(jobs[job], null, of)).then(
    (value: unknown) => answer({ value }),
    (error: unknown) => answer({ error: String(error) }),
  );
});
