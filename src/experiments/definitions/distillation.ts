/** Table 3: which distillation helps, and whether a token of its own does. */
import { hard, none, soft, token, twoClassTokens } from "../arms.ts";
import type { Experiment } from "../experiment.ts";
import { equal, more, top1, onCifar } from "../terms.ts";

export const distillation: Experiment = {
  name: "distillation",
  title: "Distillation methods",
  question: "Does a student of a ConvNet learn more by the usual soft distillation, by hard distillation, or by a token of its own?",
  source: "Table 3",
  paper: "DeiT-B, 224, 300 epochs, teacher RegNetY-16GF",
  arms: [token, none, soft, hard, twoClassTokens],
  measurements: [],
  alone: false,
  quantities: [
    top1("teacher", token, "teacher", 82.9),
    top1("no distillation", none, "class", 81.8),
    top1("usual (soft) distillation", soft, "class", 81.8),
    top1("hard distillation", hard, "class", 83.0),
    top1("⚗ class head", token, "class", 83.0),
    top1("⚗ distillation head", token, "distillation", 83.1),
    top1("⚗ both heads", token, "mean", 83.4),
    top1("two class tokens", twoClassTokens, "mean", null),
  ],
  claims: [
    more("Hard distillation is better than none.", "hard distillation", "no distillation", 1.2),
    more("Hard distillation is better than the usual soft one.", "hard distillation", "usual (soft) distillation", 1.2),
    more(
      "A distillation token with both heads is better than hard distillation by the class head.",
      "⚗ both heads",
      "hard distillation",
      0.4,
    ),
    more("Of the distilled model, the distillation head is better than the class head.", "⚗ distillation head", "⚗ class head", 0.1),
    equal("A second class token without a teacher does not help.", "two class tokens", "no distillation", 0.5),
  ],
  figures: [],
  settings: {
    digits: {
      recipe: "digits",
      seeds: 10,
      deviation: 1.2,
      because: "two models that disagree on 5 % of 360 images differ by chance by 1.2 points",
      minutes: 10,
    },
    cifar10: onCifar("experiment/cifar10", 5, 70),
  },
};
