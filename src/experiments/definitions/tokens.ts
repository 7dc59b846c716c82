/** Table 4 and section 9.5 of deit.md: what the distillation token learns that the class token does not. */
import { none, token, twoClassTokens } from "../arms.ts";
import type { Experiment, Line, Quantity } from "../experiment.ts";
import { measuredLine, more } from "../terms.ts";

/** The blocks of the recipe's student. */
const DEPTH = 4;

const distilled = "inspect-token";
const control = "inspect-two-class-tokens";

/** Rows and columns of the table of disagreement, in the order of `deit inspect`. */
const deciders = ["truth", "ConvNet", "⚗ class", "⚗ distillation", "⚗ both", "DeiT without a teacher"] as const;
type Decider = (typeof deciders)[number];

const disagreement = (one: Decider, other: Decider): string => `${one} / ${other}`;

/** The paper's share of images on which two disagree. */
const disagrees = (one: Decider, other: Decider, paper: number): Quantity => ({
  name: disagreement(one, other),
  of: distilled,
  value: `disagreement.matrix.${deciders.indexOf(one)}.${deciders.indexOf(other)}`,
  unit: "%",
  paper: 100 * paper,
});

/** A pair of tokens, and where its cosines stand. */
interface Pair {
  readonly name: string;
  readonly of: string;
  /** Cosine of the learned tokens in the paper, and of their embeddings after the last block. */
  readonly paper: readonly [input: number | null, output: number | null];
}
const pairs: readonly [Pair, Pair] = [
  { name: "class / distillation", of: distilled, paper: [0.06, 0.93] },
  { name: "two class tokens", of: control, paper: [0.999, null] },
];
const [classAndDistillation, twoTokens] = pairs;

/** The place of a cosine: that of the learned tokens, or after so many blocks; with positions, or without. */
function place(layer: number, withPositions: boolean): string {
  if (layer === 0) return withPositions ? "cosines.positioned" : "cosines.input";
  return `cosines.${withPositions ? "blocks" : "blocksWithoutPositions"}.${layer - 1}`;
}

const cosine = ({ name }: Pair, layer: number, withPositions: boolean): string =>
  `${name}, ${layer === 0 ? "input" : `block ${layer}`}${withPositions ? ", with positions" : ""}`;

const layers = Array.from({ length: DEPTH + 1 }, (_, layer) => layer);
const positions = [false, true];

const cosines = pairs.flatMap((pair) =>
  positions.flatMap((withPositions) =>
    layers.map((layer): Quantity => {
      const [input, output] = pair.paper;
      const paper = withPositions ? null : layer === 0 ? input : layer === DEPTH ? output : null;
      return { name: cosine(pair, layer, withPositions), of: pair.of, value: place(layer, withPositions), unit: "cosine", paper };
    }),
  ),
);

const lines = pairs.flatMap((pair) =>
  positions.map((withPositions) =>
    measuredLine(
      `${pair.name}${withPositions ? " + pos" : ""}`,
      layers.map((layer) => [layer, cosine(pair, layer, withPositions)]),
    ),
  ),
);
const paperLine: Line = {
  name: "class / distillation, paper",
  from: "paper",
  joined: false,
  points: [
    { x: 0, y: 0.06, label: null },
    { x: DEPTH, y: 0.93, label: null },
  ],
};

/** The cosine of two random vectors of 64 numbers deviates from 0 by 1/√64. */
const OF_RANDOM = 0.125;
/** The standard deviation of a difference of two disagreements that share their images, in points. */
const OF_DISAGREEMENT = 0.6;

export const tokens: Experiment = {
  name: "tokens",
  title: "Disagreement and tokens",
  question:
    "Is the distillation token more than a second class token: does it decide more like the ConvNet, and does its embedding differ?",
  source: "Table 4, and the text on the tokens' cosine",
  paper: "DeiT-B and DeiT-B⚗, 224, teacher RegNetY-16GF; cosines over 12 blocks, the last beside our last",
  arms: [token, none, twoClassTokens],
  measurements: [
    { name: distilled, command: ["inspect", "{token}", "{data}", "--beside", "{none}", "--threads", "1"] },
    { name: control, command: ["inspect", "{two-class-tokens}", "{data}", "--threads", "1"] },
  ],
  alone: false,
  quantities: [
    disagrees("truth", "ConvNet", 0.171),
    disagrees("truth", "DeiT without a teacher", 0.182),
    disagrees("truth", "⚗ class", 0.17),
    disagrees("truth", "⚗ distillation", 0.169),
    disagrees("truth", "⚗ both", 0.166),
    disagrees("ConvNet", "DeiT without a teacher", 0.133),
    disagrees("ConvNet", "⚗ class", 0.112),
    disagrees("ConvNet", "⚗ distillation", 0.1),
    disagrees("ConvNet", "⚗ both", 0.102),
    disagrees("DeiT without a teacher", "⚗ class", 0.109),
    disagrees("DeiT without a teacher", "⚗ distillation", 0.11),
    disagrees("DeiT without a teacher", "⚗ both", 0.107),
    disagrees("⚗ class", "⚗ distillation", 0.05),
    disagrees("⚗ class", "⚗ both", 0.033),
    disagrees("⚗ distillation", "⚗ both", 0.019),
    ...cosines,
  ],
  claims: [
    more(
      "The distilled model decides more like the ConvNet than the DeiT without a teacher does.",
      disagreement("ConvNet", "DeiT without a teacher"),
      disagreement("ConvNet", "⚗ both"),
      3.1,
      OF_DISAGREEMENT,
    ),
    more(
      "The distillation head decides more like the ConvNet than the class head does.",
      disagreement("ConvNet", "⚗ class"),
      disagreement("ConvNet", "⚗ distillation"),
      1.2,
      OF_DISAGREEMENT,
    ),
    more(
      "The class head decides more like the DeiT without a teacher than the distillation head does.",
      disagreement("DeiT without a teacher", "⚗ distillation"),
      disagreement("DeiT without a teacher", "⚗ class"),
      0.1,
      OF_DISAGREEMENT,
    ),
    more(
      "The learned class and distillation tokens are less alike than two class tokens are.",
      cosine(twoTokens, 0, false),
      cosine(classAndDistillation, 0, false),
      0.939,
      OF_RANDOM,
    ),
    more(
      "The embeddings of the class and the distillation token are more alike after the last block than at the input.",
      cosine(classAndDistillation, DEPTH, false),
      cosine(classAndDistillation, 0, false),
      0.87,
      OF_RANDOM,
    ),
    more(
      "After the last block, they are less alike than those of two class tokens.",
      cosine(twoTokens, DEPTH, false),
      cosine(classAndDistillation, DEPTH, false),
      0.07,
      0.02,
    ),
  ],
  figures: [
    {
      title: "Cosine of the two tokens by layer, averaged over the test images, without and with (+ pos) their positions",
      x: { label: "blocks passed", scale: "linear" },
      y: { label: "cosine", scale: "linear" },
      lines: [...lines, paperLine],
    },
  ],
  settings: {
    cifar10: {
      recipe: "experiment/cifar10",
      seeds: 5,
      deviation: OF_DISAGREEMENT,
      because:
        "disagreements of about 20 % of 10,000 images that share most of their images, and the cosines of random vectors of 64 numbers deviate by 1/8",
      minutes: 45,
    },
  },
};
