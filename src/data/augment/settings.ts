/** What a recipe says about the augmentation of training images (deit.md 7.6 to 7.10). */

/** How a training image is augmented. */
export interface AugmentSettings {
  /** `resized`: random resized crop (7.7); `padded`: a crop of the image with zeros around it, for small images (7.6); `none`: the image as it is. */
  readonly crop: "resized" | "padded" | "none";
  /** Least and largest share of the image's area that a resized crop takes. */
  readonly area: readonly [least: number, largest: number];
  /** Least and largest width of a resized crop divided by its height. */
  readonly aspect: readonly [least: number, largest: number];
  /** Zeros on each side of the image before a padded crop, in pixels. */
  readonly padding: number;
  /** Whether a random half of the images is mirrored. */
  readonly flip: boolean;
  /** Largest random rotation to either side before everything else, in degrees. */
  readonly rotation: number;
  /** Which colour and geometry operations are drawn. */
  readonly policy: Policy;
  /** Strength of the colour jitter, which acts only without a policy; 0: none. */
  readonly colourJitter: number;
  /** The probability that a rectangle of an image is erased (7.10). */
  readonly erasing: number;
}

/** RandAugment (7.8), AutoAugment's policy for ImageNet, or neither. */
export type Policy =
  | {
      /** Neither. */
      readonly kind: "none";
    }
  | {
      /** AutoAugment's policy for ImageNet. */
      readonly kind: "autoaugment";
    }
  | {
      /** RandAugment in timm's increasing variant. */
      readonly kind: "randaugment";
      /** Mean of the magnitude, from 0 to 10. */
      readonly magnitude: number;
      /** Standard deviation of the magnitude. */
      readonly deviation: number;
    };

/** What DeiT-B is trained with (deit.md 7.1, 7.7, 7.8, 7.10); its colour jitter is inactive beside RandAugment. */
export const deitSettings: AugmentSettings = {
  crop: "resized",
  area: [0.08, 1],
  aspect: [3 / 4, 4 / 3],
  padding: 4,
  flip: true,
  rotation: 0,
  policy: { kind: "randaugment", magnitude: 9, deviation: 0.5 },
  colourJitter: 0.3,
  erasing: 0.25,
};
