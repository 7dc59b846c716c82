/** Computes wrong versions apart from the page. */
import { mistakeOf, type Mistake } from "./wrong.ts";

/** What the page asks, in the order in which it wants the answers. */
export interface WrongQuestion {
  readonly variants: readonly string[];
  readonly seed: number;
}

/** One answer. */
export type WrongAnswer =
  | { readonly variant: string; readonly seed: number; readonly mistake: Mistake | null }
  | { readonly variant: string; readonly seed: number; readonly failure: string };

async function answer({ variants, seed }: WrongQuestion): Promise<void> {
  for (const variant of variants) {
    const said: WrongAnswer = await mistakeOf(variant, seed).then(
      (mistake) => ({ variant, seed, mistake }),
      (error: unknown) => ({ variant, seed, failure: error instanceof Error ? error.message : String(error) }),
    );
    postMessage(said);
  }
}

addEventListener("message", ({ data }: MessageEvent<WrongQuestion>) => void answer(data));
