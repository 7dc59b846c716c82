/**
 * Configurations of RegNetY (deit.md 8.1): the paper's teachers by name, and any other sizes.
 *
 * Five numbers describe a published network (Radosavovic et al. 2020, "Designing network design spaces", equations 2 to 4, and the authors'
 * model zoo). Block j of d starts from the width w₀ + slope·j; it gets the nearest w₀·multiplierⁿ (n an integer, nearest in the logarithm),
 * rounded to a multiple of 8. Consecutive blocks of equal width form a stage, whose width is rounded to a multiple of the group width.
 */

export interface RegnetConfig {
  /** C, the channels of the images. */
  readonly channels: number;
  /** Width of the stem. */
  readonly stem: number;
  /** Width of each stage. */
  readonly widths: readonly number[];
  /** Number of blocks of each stage. */
  readonly depths: readonly number[];
  /** Channels of a group of the 3×3 convolutions, a divisor of every width. */
  readonly groupWidth: number;
  /** Squeezed width of a block, as a share of the width of its input. */
  readonly seRatio: number;
  /** K */
  readonly classes: number;
  /** ε of every batch norm. */
  readonly batchNormEps: number;
}

/** The five numbers of a published network. */
export interface Design {
  /** w₀, the width of the first block. */
  readonly start: number;
  /** By how much each block is wider than the one before it, before rounding. */
  readonly slope: number;
  /** The widths are w₀ times the powers of this. */
  readonly multiplier: number;
  /** Number of blocks of all stages together. */
  readonly depth: number;
  /** Channels of a group of the 3×3 convolutions. */
  readonly groupWidth: number;
}

/** The published networks by name: 4, 8, 12 and 16 GMACs. */
export type RegnetName = `regnety-${4 | 8 | 12 | 16}gf`;

/** The same under timm's names. */
export type TimmRegnetName = `regnety_${"040" | "080" | "120" | "160"}`;

/** 4, 8, 12 and 16 GMACs. */
const published: { readonly [size: string]: Design } = {
  "4": { start: 96, slope: 31.41, multiplier: 2.24, depth: 22, groupWidth: 64 },
  "8": { start: 192, slope: 76.82, multiplier: 2.19, depth: 17, groupWidth: 56 },
  "12": { start: 168, slope: 73.36, multiplier: 2.37, depth: 19, groupWidth: 112 },
  "16": { start: 200, slope: 106.23, multiplier: 2.48, depth: 18, groupWidth: 112 },
};

/** What every published network shares. */
const common: Omit<RegnetConfig, "widths" | "depths" | "groupWidth"> = {
  channels: 3,
  stem: 32,
  seRatio: 0.25,
  classes: 1000,
  batchNormEps: 1e-5,
};

/** Block widths are first rounded to multiples of this. */
const QUANTUM = 8;

/** The nearest integer, ties to even, as NumPy and Python round. */
function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** Widths and depths of the stages of a design. */
export function stagesOfDesign({ start, slope, multiplier, depth, groupWidth }: Design): Pick<RegnetConfig, "widths" | "depths"> {
  const blockWidth = (j: number): number => {
    const n = roundHalfEven(Math.log((start + slope * j) / start) / Math.log(multiplier));
    return roundHalfEven((start * multiplier ** n) / QUANTUM) * QUANTUM;
  };
  const blocks = Array.from({ length: depth }, (_, j) => blockWidth(j));
  const stages = [...new Set(blocks)];
  return {
    widths: stages.map((width) => roundHalfEven(width / groupWidth) * groupWidth),
    depths: stages.map((width) => blocks.filter((other) => other === width).length),
  };
}

/** S: the squeezed width of a block with `input` input channels. */
export const squeezedWidth = ({ seRatio }: RegnetConfig, input: number): number => roundHalfEven(seRatio * input);

/**
 * Returns `config` if it describes a network.
 *
 * @throws RangeError naming the field that is out of range
 */
export function checkedRegnetConfig(config: RegnetConfig): RegnetConfig {
  const count = (field: string, value: number): void => {
    if (!(Number.isInteger(value) && value > 0)) throw new RangeError(`regnet config: ${field} must be a positive integer, got ${value}`);
  };
  const { channels, stem, widths, depths, groupWidth, classes, batchNormEps } = config;
  for (const [field, value] of Object.entries({ channels, stem, groupWidth, classes })) count(field, value);
  if (widths.length === 0 || widths.length !== depths.length)
    throw new RangeError(
      `regnet config: depths and widths must have the same length, at least 1, got ${depths.length} and ${widths.length}`,
    );
  for (const depth of depths) count("depths", depth);
  for (const width of widths) {
    count("widths", width);
    if (width % groupWidth !== 0)
      throw new RangeError(`regnet config: widths must be multiples of groupWidth ${groupWidth}, got ${widths.join(", ")}`);
  }
  for (const width of [stem, ...widths])
    if (!(squeezedWidth(config, width) > 0))
      throw new RangeError(`regnet config: seRatio times width ${width} must round to at least 1, got ${config.seRatio}`);
  if (!(batchNormEps > 0)) throw new RangeError(`regnet config: batchNormEps must be > 0, got ${batchNormEps}`);
  return config;
}

/** The names that `regnetConfig` knows. */
export const regnetNames: readonly string[] = Object.keys(published).map((size) => `regnety-${size}gf`);

/** `regnety-16gf`, or timm's `regnety_160`. */
const NAME = /^regnety(?:-(\d+)gf|_(\d+)0)$/;

/**
 * The configuration of a published network, with some fields changed: `regnetConfig("regnety-16gf", { classes: 10 })`.
 *
 * @param name any string, for instance from a command line; editors complete the known names
 * @throws RangeError for an unknown name, or naming the field that is out of range
 */
export function regnetConfig(name: RegnetName | TimmRegnetName | (string & {}), changes: Partial<RegnetConfig> = {}): RegnetConfig {
  const [, ours, timms] = NAME.exec(name) ?? [];
  const design = published[ours ?? `${Number(timms)}`];
  if (design === undefined) throw new RangeError(`unknown model ${name}; known: ${regnetNames.join(", ")}`);
  return checkedRegnetConfig({ ...common, ...stagesOfDesign(design), groupWidth: design.groupWidth, ...changes });
}
