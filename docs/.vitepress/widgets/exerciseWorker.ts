/** Runs a reader's program apart from the page, which ends this worker if it takes too long. */
import { judged, type Judgement } from "./exercise.ts";
import { exercises } from "./exercises.ts";

/** What the page asks. */
export interface Submission {
  readonly id: string;
  /** A JavaScript module. */
  readonly program: string;
}

async function judgementOf({ id, program }: Submission): Promise<Judgement> {
  const exercise = exercises.get(id);
  if (exercise === undefined) return { right: false, why: `there is no exercise ${id}` };
  const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
  try {
    const answer: Readonly<Record<string, unknown>> = await import(/* @vite-ignore */ url);
    return await judged(exercise, answer);
  } catch (error) {
    return { right: false, why: error instanceof Error ? error.message : String(error) };
  } finally {
    URL.revokeObjectURL(url);
  }
}

addEventListener("message", ({ data }: MessageEvent<Submission>) => {
  void judgementOf(data).then((judgement) => postMessage(judgement));
});
