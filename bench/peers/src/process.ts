/** The other side of child.ts: a process that answers one question at a time. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answer, Question, What } from "./child.ts";

export interface Contender {
  readonly library: string;
  readonly threads: number;
  readonly version: string;
  readonly child: ChildProcess;
}

type AnswerOf<Kind extends Answer["kind"]> = Extract<Answer, { readonly kind: Kind }>;
const answersOf = { results: "results", run: "time" } as const;

/** @throws Error if the process ends instead */
async function nextAnswer(child: ChildProcess): Promise<Answer> {
  const over = new AbortController();
  const ended = once(child, "exit", over).then(([code, signal]): never => {
    throw new Error(`its process ended (${code ?? signal})`);
  });
  const answered = once(child, "message", over).then(([answer]): Answer => answer);
  try {
    return await Promise.race([answered, ended]);
  } finally {
    over.abort();
    void Promise.allSettled([answered, ended]);
  }
}

const isOf = <Kind extends Answer["kind"]>(answer: Answer, kind: Kind): answer is AnswerOf<Kind> => answer.kind === kind;

/** @throws Error with the reason of a failure */
function checked<Kind extends Answer["kind"]>(answer: Answer, kind: Kind, library: string): AnswerOf<Kind> {
  if (isOf(answer, kind)) return answer;
  throw new Error(`${library}: ${"reason" in answer ? answer.reason : `${answer.kind} instead of ${kind}`}`);
}

/**
 * A library with the model loaded, or why it cannot do that here.
 *
 * @throws Error where it fails
 */
export async function start(library: string, what: What, threads: number): Promise<Contender | string> {
  const child = fork(join(import.meta.dirname, "child.js"), [library, what, `${threads}`], { serialization: "advanced" });
  const answer = await nextAnswer(child);
  if (answer.kind === "loaded") return { library, threads, child, version: answer.version };
  child.kill();
  if (answer.kind === "not available") return answer.reason;
  return checked(answer, "loaded", library).version;
}

/** @throws Error where the library fails */
export async function ask<Q extends Question>({ library, child }: Contender, question: Q): Promise<AnswerOf<(typeof answersOf)[Q]>> {
  const answer = nextAnswer(child);
  child.send(question);
  return checked(await answer, answersOf[question], library);
}

export const stop = ({ child }: Contender): void => void child.kill();
