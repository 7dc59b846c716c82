/** Figure 3, Table 10 and Table 7: longer schedules, other resolutions, and transfer. */
import type { Experiment } from "../experiment.ts";
import { resolution } from "./parts/resolution.ts";
import { schedules } from "./parts/schedules.ts";
import { transfer } from "./parts/transfer.ts";

const parts = [schedules, resolution, transfer];

export const training: Experiment = {
  name: "training",
  title: "Schedules, resolution and transfer",
  question:
    "Does longer training help a distilled student more than a plain one? What does another resolution cost, and what does fine-tuning at it gain? Do weights help on other images?",
  source: "Figure 3, Tables 7 and 10, and section 2.1 on interpolated positions",
  paper:
    "DeiT-B on ImageNet at 224; schedules of 300 and 1000 epochs beside our 20 and 60; sizes 160, 224, 320 and 384 beside 24, 32, 48 and 64",
  arms: [...new Set(parts.flatMap(({ arms }) => arms))],
  measurements: parts.flatMap(({ measurements }) => measurements),
  alone: false,
  quantities: parts.flatMap(({ quantities }) => quantities),
  claims: parts.flatMap(({ claims }) => claims),
  figures: parts.flatMap(({ figures }) => figures),
  settings: {
    cifar10: {
      recipe: "experiment/cifar10",
      seeds: 4,
      deviation: 0.8,
      because:
        "two models that disagree on 40 % of 10,000 images differ by chance by 0.6 points, and seeds differ in their images and initial values; on the 360 digits it is one point",
      minutes: 90,
    },
  },
};
