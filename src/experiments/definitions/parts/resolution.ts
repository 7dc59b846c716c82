/** Table 10 and section 2.1: the same weights at several image sizes, by how their positions are resized, and fine-tuned there. */
import { changed, none } from "../../arms.ts";
import type { Arm, Measurement, Quantity } from "../../experiment.ts";
import { equal, measuredLine, more, top1 } from "../../terms.ts";
import type { Part } from "./part.ts";

/** Sides in pixels, and the paper's accuracies after fine-tuning at 160, 224, 320 and 384. */
const sizes = [
  { side: 24, paper: 79.9 },
  { side: 32, paper: 81.8 },
  { side: 48, paper: 82.7 },
  { side: 64, paper: 83.1 },
] as const;
type Side = (typeof sizes)[number]["side"];

/** The side at which the ways to resize positions are compared. */
const OTHER: Side = 48;
const methods = ["bicubic", "bicubic-norm", "bilinear", "bilinear-norm", "nearest"] as const;
type Method = (typeof methods)[number];
const finetunedMethods = ["bilinear", "nearest"] as const satisfies readonly Method[];

const evaluation = (side: Side, method: Method): Measurement => ({
  name: `at-${side}-${method}`,
  command: ["eval", "{none}", "{data}", "--image-size", `${side}`, "--positions", method, "--threads", "1", "--workers", "0"],
});
const untuned = (side: Side, method: Method): string => `${side} px, ${method}`;
const measured = (side: Side, method: Method): Quantity => ({
  name: untuned(side, method),
  of: evaluation(side, method).name,
  value: "top1",
  unit: "%",
  paper: null,
});

/** As the recipe finetune/cifar10-48 has it, on the images of this one. */
const finetuning = (side: Side, method: Method): Arm =>
  changed(
    none,
    `finetuned-${side}-${method}`,
    "init.from={none}",
    `init.positions=${method}`,
    `model.image_size=${side}`,
    "data.crop=resized",
    "data.area=[0.5,1]",
    "training.epochs=10",
    "training.lr=1e-4",
    "training.warmup_epochs=1",
    "training.optimizer.weight_decay=1e-8",
  );
const tuned = (side: Side, method: Method): string => `${untuned(side, method)}, fine-tuned`;

const untunedPairs = [
  ...sizes.map(({ side }) => [side, "bicubic"] as const),
  ...methods.filter((method) => method !== "bicubic").map((method) => [OTHER, method] as const),
];

export const resolution: Part = {
  arms: [none, ...sizes.map(({ side }) => finetuning(side, "bicubic")), ...finetunedMethods.map((method) => finetuning(OTHER, method))],
  measurements: untunedPairs.map(([side, method]) => evaluation(side, method)),
  quantities: [
    ...untunedPairs.map(([side, method]) => measured(side, method)),
    ...sizes.map(({ side, paper }) => top1(tuned(side, "bicubic"), finetuning(side, "bicubic"), "class", paper)),
    ...finetunedMethods.map((method) => top1(tuned(OTHER, method), finetuning(OTHER, method), "class", null)),
  ],
  claims: [
    more("Fine-tuned at 64 px, a model is better than at 32 px.", tuned(64, "bicubic"), tuned(32, "bicubic"), 1.3),
    more("At 48 px, a model is better fine-tuned than as it was trained.", tuned(48, "bicubic"), untuned(48, "bicubic"), 1),
    more("Without fine-tuning, bicubic positions are better than bilinear ones.", untuned(OTHER, "bicubic"), untuned(OTHER, "bilinear"), 1),
    more(
      "Without fine-tuning, bilinear positions are better if their norms are kept.",
      untuned(OTHER, "bilinear-norm"),
      untuned(OTHER, "bilinear"),
      1,
    ),
    equal("Keeping the norms of bicubic positions changes nothing.", untuned(OTHER, "bicubic-norm"), untuned(OTHER, "bicubic"), 1),
    more("Without fine-tuning, bicubic positions are better than the nearest.", untuned(OTHER, "bicubic"), untuned(OTHER, "nearest"), 1),
    equal("After fine-tuning, bilinear positions are as good as bicubic ones.", tuned(OTHER, "bilinear"), tuned(OTHER, "bicubic"), 1),
    equal("After fine-tuning, the nearest positions are as good as bicubic ones.", tuned(OTHER, "nearest"), tuned(OTHER, "bicubic"), 1),
  ],
  figures: [
    {
      title: "Resolution: top-1 of weights that were trained at 32 px, over the side of the images",
      x: { label: "side of the images, px", scale: "linear" },
      y: { label: "top-1, %", scale: "linear" },
      lines: [
        measuredLine(
          "as trained",
          sizes.map(({ side }) => [side, untuned(side, "bicubic")]),
        ),
        measuredLine(
          "fine-tuned",
          sizes.map(({ side }) => [side, tuned(side, "bicubic")]),
        ),
      ],
    },
  ],
};
