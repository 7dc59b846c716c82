/** Table 7 in both directions between CIFAR-10 and the digits: from scratch, fine-tuned as a whole, and the heads alone. */
import { changed, none } from "../../arms.ts";
import type { Arm } from "../../experiment.ts";
import { more, top1 } from "../../terms.ts";
import type { Part } from "./part.ts";

/** The student on the digits, at 16 px as in the recipe transfer/digits. */
const digits: Arm = changed(
  none,
  "digits",
  "data.train=digits:train",
  "data.images=all",
  "data.flip=false",
  "data.rotation=10",
  "data.padding=1",
  "model.image_size=16",
  "training.epochs=40",
);

/** Training that starts from the weights of another arm, with new heads. */
const from = (start: Arm, on: Arm, name: string, ...changes: readonly string[]): Arm =>
  changed(on, name, `init.from={${start.name}}`, "init.heads=new", ...changes);

const HEADS = "training.trained=heads";

/** Transfer in one direction. */
interface Direction {
  readonly name: string;
  readonly scratch: Arm;
  readonly whole: Arm;
  readonly heads: Arm;
  /** The expected deviation of a difference, in points; null: the setting's. */
  readonly deviation: number | null;
  readonly paper: readonly [scratch: number | null, whole: number | null];
}

const directions: readonly Direction[] = [
  {
    name: "CIFAR-10 → digits",
    scratch: digits,
    whole: from(none, digits, "cifar10-to-digits"),
    heads: from(none, digits, "cifar10-to-digits-heads", HEADS),
    deviation: 1,
    paper: [null, null],
  },
  {
    name: "digits → CIFAR-10",
    scratch: none,
    whole: from(digits, none, "digits-to-cifar10"),
    heads: from(digits, none, "digits-to-cifar10-heads", HEADS),
    deviation: null,
    paper: [97.5, 99.1],
  },
];

const names = ({ name }: Direction): { readonly scratch: string; readonly whole: string; readonly heads: string } => ({
  scratch: `${name}: from scratch`,
  whole: `${name}: the whole network`,
  heads: `${name}: the heads alone`,
});

/** What DeiT-B gains on CIFAR-10 by ImageNet, in points. */
const GAIN = 1.6;

export const transfer: Part = {
  arms: directions.flatMap(({ scratch, whole, heads }) => [...(scratch === none ? [] : [scratch]), whole, heads]),
  measurements: [],
  quantities: directions.flatMap((direction) => {
    const { scratch, whole, heads, paper } = direction;
    const name = names(direction);
    return [
      top1(name.scratch, scratch, "class", paper[0]),
      top1(name.whole, whole, "class", paper[1]),
      top1(name.heads, heads, "class", null),
    ];
  }),
  claims: directions.flatMap((direction) => {
    const name = names(direction);
    const { deviation } = direction;
    return [
      more(`${direction.name}: transfer is better than training from scratch.`, name.whole, name.scratch, GAIN, deviation),
      more(`${direction.name}: fine-tuning the whole network is better than the heads alone.`, name.whole, name.heads, GAIN, deviation),
    ];
  }),
  figures: [],
};
