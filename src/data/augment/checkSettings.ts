/** Which settings of augmentation are possible. */
import { LARGEST_JITTER } from "./colourJitter.ts";
import { LARGEST_MAGNITUDE } from "./operation.ts";
import type { AugmentSettings } from "./settings.ts";

const RGB = 3;
/** Images up to this side are cropped with padding around them, in pixels (deit.md 7.6). */
export const LARGEST_PADDED = 32;
/** A rotation beyond half a turn is one to the other side, in degrees. */
const HALF_TURN = 180;

const isRange = ([least, largest]: readonly [number, number], most: number): boolean => 0 < least && least <= largest && largest <= most;
const isWithin = (value: number, largest: number): boolean => value >= 0 && value <= largest;

/**
 * Returns the settings.
 *
 * @param channels of the images
 * @param side S of the views, in pixels
 * @throws RangeError in one line for a number out of range, and for colours that are changed in images without colour
 */
export function checkSettings(settings: AugmentSettings, channels: number, side: number): AugmentSettings {
  const { crop, area, aspect, padding, rotation, policy, colourJitter, erasing } = settings;
  const check = (holds: boolean, what: string): void => {
    if (!holds) throw new RangeError(`augmentation: ${what}`);
  };
  check(isRange(area, 1), `area must be two numbers with 0 < least ≤ largest ≤ 1, got ${area.join(", ")}`);
  check(isRange(aspect, Infinity), `aspect must be two numbers with 0 < least ≤ largest, got ${aspect.join(", ")}`);
  check(Number.isInteger(padding) && padding >= 0, `padding must be an integer of at least 0, got ${padding}`);
  check(isWithin(rotation, HALF_TURN), `rotation must be from 0 to ${HALF_TURN} degrees, got ${rotation}`);
  check(isWithin(colourJitter, LARGEST_JITTER), `colour jitter must be from 0 to ${LARGEST_JITTER}, got ${colourJitter}`);
  check(isWithin(erasing, 1), `erasing must be a probability, got ${erasing}`);
  check(crop !== "padded" || side <= LARGEST_PADDED, `a padded crop is for images of up to ${LARGEST_PADDED} pixels, not of ${side}`);
  check(
    policy.kind === "none" || channels === RGB,
    `the policy ${policy.kind} needs images of ${RGB} channels, got ${channels}; without colours the policy is none`,
  );
  check(
    policy.kind !== "none" || colourJitter === 0 || channels === RGB,
    `colour jitter needs images of ${RGB} channels, got ${channels}; without colours it is 0`,
  );
  if (policy.kind === "randaugment") {
    const { magnitude, deviation } = policy;
    check(isWithin(magnitude, LARGEST_MAGNITUDE), `the magnitude must be from 0 to ${LARGEST_MAGNITUDE}, got ${magnitude}`);
    check(isWithin(deviation, Number.MAX_VALUE), `the deviation of the magnitude must be at least 0, got ${deviation}`);
  }
  return settings;
}
