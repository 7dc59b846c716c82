/** Table 8: what each augmentation, each regulariser and the optimizer contribute. */
import { changed } from "../arms.ts";
import type { Arm, Claim, Experiment } from "../experiment.ts";
import { equal, more, top1, onCifar } from "../terms.ts";

const complete: Arm = { name: "ablation-default", set: [] };
const DEFAULT = "as in the paper";
/** Of the default, in the paper. */
const PAPER = 81.8;

/** A row of Table 8. */
interface Row {
  readonly name: string;
  readonly arm: Arm;
  readonly paper: number;
  readonly claim: string;
}

const row = (name: string, arm: string, set: readonly string[], paper: number, claim: string): Row => ({
  name,
  arm: changed(complete, `ablation-${arm}`, ...set),
  paper,
  claim,
});

/** For SGD the rate that is usual for it, as 5·10⁻⁴ · B/512 is far too low (deit.md 7.14 has 0.01 to 0.1). */
const sgd = ["training.optimizer.kind=sgd", "training.optimizer.weight_decay=1e-4", "training.lr=0.05"];

const rows: readonly Row[] = [
  row("SGD instead of AdamW", "sgd", sgd, 74.5, "AdamW is better than SGD."),
  row("no RandAugment", "no-randaugment", ["data.policy=none"], 79.6, "RandAugment helps."),
  row("AutoAugment instead", "autoaugment", ["data.policy=autoaugment"], 81.2, "RandAugment is better than AutoAugment."),
  row("no Mixup", "no-mixup", ["mixing.mixup=0"], 78.7, "Mixup helps."),
  row("no CutMix", "no-cutmix", ["mixing.cutmix=0"], 80.0, "CutMix helps."),
  row("neither Mixup nor CutMix", "no-mixing", ["mixing.mixup=0", "mixing.cutmix=0"], 75.8, "Mixup and CutMix together help."),
  row("no random erasing", "no-erasing", ["data.erasing=0"], 4.3, "Random erasing helps."),
  row("no stochastic depth", "no-drop-path", ["training.drop_path=0"], 3.4, "Stochastic depth helps."),
  row("no repeated augmentation", "no-repeats", ["data.repeats=1"], 76.5, "Repeated augmentation helps."),
  row("with dropout", "dropout", ["training.dropout=0.1"], 81.3, "Training without dropout is better than with it."),
];

const ema = changed(complete, "ablation-ema", "training.ema_decay=0.999");
const EMA = "with EMA";

const claims: readonly Claim[] = [
  ...rows.map(({ name, paper, claim }) => more(claim, DEFAULT, name, PAPER - paper)),
  equal("The moving average of the weights changes nothing.", EMA, DEFAULT, 0.5),
];

export const ablation: Experiment = {
  name: "ablation",
  title: "Ablation",
  question: "What do each augmentation, each regulariser and the optimizer contribute to the accuracy of a transformer without a teacher?",
  source: "Table 8",
  paper: "DeiT-B, 224, 300 epochs on ImageNet; without erasing or stochastic depth it did not train",
  arms: [complete, ...rows.map(({ arm }) => arm), ema],
  measurements: [],
  alone: false,
  quantities: [
    top1(DEFAULT, complete, "class", PAPER),
    ...rows.map(({ name, arm, paper }) => top1(name, arm, "class", paper)),
    { name: EMA, of: ema.name, value: "average.class.top1", unit: "%", paper: 81.9 },
  ],
  claims,
  figures: [],
  settings: {
    cifar10: onCifar("experiment/cifar10-augmented", 5, 85),
  },
};
