/** Every exercise rejects its starter and a plausible wrong answer, and accepts a right one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { judged, type Judgement } from "../../docs/.vitepress/widgets/exercise.ts";
import { exercises } from "../../docs/.vitepress/widgets/exercises.ts";
import { docs } from "./pages.ts";

const answer = (id: string, kind: "right" | "wrong"): string => join(import.meta.dirname, "answers", `${id}.${kind}.js`);

async function judgementOf(id: string, path: string): Promise<Judgement> {
  const exercise = exercises.get(id);
  if (exercise === undefined) throw new Error(`no exercise ${id}`);
  const program: Readonly<Record<string, unknown>> = await import(/* @vite-ignore */ pathToFileURL(path).href);
  return judged(exercise, program);
}

/** What a judgement says without the numbers of its counterexample. */
const reasonOf = (judgement: Judgement): string => (judgement.right ? "" : judgement.why);

describe.each([...exercises.keys()])("the exercise %s", (id) => {
  it("has a right and a wrong answer", () => {
    expect([answer(id, "right"), answer(id, "wrong")].filter((path) => !existsSync(path))).toEqual([]);
  });

  it("accepts the right answer, and rejects the starter and the wrong one for different reasons", async () => {
    const [starter, right, wrong] = [
      await judgementOf(id, join(docs, ".vitepress/exercises", `${id}.js`)),
      await judgementOf(id, answer(id, "right")),
      await judgementOf(id, answer(id, "wrong")),
    ];
    expect(right).toMatchObject({ right: true });
    expect([starter.right, wrong.right]).toEqual([false, false]);
    expect(reasonOf(wrong)).not.toBe(reasonOf(starter));
  });
});
