/**
 * Draws how the samples of a step are mixed (deit.md 7.9): with Mixup, with CutMix, or not at all.
 *
 *   mix?     with the probability of mixing; then CutMix with its share, else Mixup
 *   λ        Beta(α, α), with an α for Mixup and another for CutMix; CutMix corrects it for what the box lost (E39)
 *
 * The authors draw once a step in each of 16 processes, which have 64 images each. One process here has the whole batch, and divides it into
 * groups of `group` images: these share a draw, and a sample's partner is in its group.
 */
import { fold, uniform53At, type Key } from "../../tensor/key.ts";
import { cutMixBox, type Box } from "./cutMix.ts";

/** How strongly and how often samples are mixed. */
export interface MixingSettings {
  /** α of Mixup's Beta distribution; 0: no Mixup. */
  readonly mixup: number;
  /** α of CutMix's Beta distribution; 0: no CutMix. */
  readonly cutmix: number;
  /** The probability that a group is mixed at all. */
  readonly probability: number;
  /** The share of CutMix among the mixed groups, if both are on. */
  readonly cutmixShare: number;
  /** The number of images that share one λ; a smaller batch is one group. */
  readonly group: number;
}

/** What was drawn for a group of samples. */
export type Mix =
  | {
      /** The samples stay as they are. */
      readonly kind: "none";
    }
  | {
      /** (E38). */
      readonly kind: "mixup";
      /** The weight of a sample itself. */
      readonly lambda: number;
    }
  | {
      /** (E39). */
      readonly kind: "cutmix";
      /** The box that shows the partner. */
      readonly box: Box;
      /** The share of the sample's own pixels. */
      readonly lambda: number;
    };

/** Whether anything is ever mixed. */
export const isMixing = ({ mixup, cutmix, probability }: MixingSettings): boolean => probability > 0 && (mixup > 0 || cutmix > 0);

/**
 * λ ~ Beta(α, α) by Jöhnk's method: of two uniform numbers u and v, the first pair with u^(1/α) + v^(1/α) ≤ 1 gives
 * λ = u^(1/α)/(u^(1/α) + v^(1/α)). The logarithms keep the powers from becoming 0 for a small α.
 *
 * @param alpha α > 0
 */
export function betaAt(key: Key, alpha: number): number {
  for (let i = 0; ; i += 2) {
    const [a, b] = [Math.log(1 - uniform53At(key, i)) / alpha, Math.log(1 - uniform53At(key, i + 1)) / alpha];
    const largest = Math.max(a, b);
    const logSum = largest + Math.log(Math.exp(a - largest) + Math.exp(b - largest));
    if (logSum <= 0) return Math.exp(a - logSum);
  }
}

/** Draws the mix of one group of images of S×S pixels. What is drawn has keys of its own: whether to mix, which way, λ, the box. */
export function drawMix(key: Key, { mixup, cutmix, probability, cutmixShare }: MixingSettings, S: number): Mix {
  const uniform = (name: string, i = 0): number => uniform53At(fold(key, name), i);
  if ((mixup === 0 && cutmix === 0) || uniform("mix") >= probability) return { kind: "none" };
  const isCutMix = mixup === 0 || (cutmix > 0 && uniform("cutMix") < cutmixShare);
  const lambda = betaAt(fold(key, "lambda"), isCutMix ? cutmix : mixup);
  if (!isCutMix) return { kind: "mixup", lambda };
  const place = (i: number): number => Math.floor(uniform("centre", i) * S);
  return { kind: "cutmix", ...cutMixBox({ H: S, W: S, lambda, centre: { y: place(0), x: place(1) }, rule: "deit" }) };
}

/** Draws the mixes of a step on B images of S×S pixels, one for each group in their order; none if nothing is ever mixed. */
export function drawMixes(key: Key, settings: MixingSettings, B: number, S: number): readonly Mix[] {
  if (!isMixing(settings)) return [];
  const groups = Math.max(1, Math.floor(B / settings.group));
  return Array.from({ length: groups }, (_, group) => drawMix(fold(key, group), settings, S));
}
