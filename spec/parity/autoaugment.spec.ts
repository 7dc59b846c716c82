/** AutoAugment and colour jitter against timm and torchvision (fixtures/autoaugment). */
import { describe, expect, it } from "vitest";
import { imageNetPolicy, type PolicyStep } from "../../src/data/augment/autoAugment.ts";
import type { OperationDraw } from "../../src/data/augment/draw.ts";
import { magnitudeOfFactor } from "../../src/data/augment/enhance.ts";
import { argumentOf, operate } from "../../src/data/augment/operations.ts";
import { plainKernels } from "../../src/data/pixels/plain.ts";
import type { Pixels } from "../../src/data/pixels/pixels.ts";
import { digestOf } from "../data/images/samples.ts";
import { textOf } from "../helpers/fixtures.ts";
import { picturesOf } from "../helpers/pictures.ts";

interface Fixture {
  readonly policy: readonly (readonly (PolicyStep & { readonly plus: number | null; readonly minus: number | null })[])[];
  readonly operations: readonly {
    readonly op: string;
    readonly magnitude: number;
    readonly image: string;
    readonly argument: number;
    readonly digest: string;
  }[];
  readonly jitter: readonly { readonly order: readonly string[]; readonly factors: readonly number[]; readonly digest: string }[];
}

const { policy, operations, jitter }: Fixture = JSON.parse(textOf("autoaugment/autoaugment.json"));
const { picture } = picturesOf("randaugment/randaugment.safetensors");

const drawn = (op: string, magnitude: number, sign: OperationDraw["sign"] = 0): OperationDraw => ({ op, magnitude, sign, applied: true });

describe("AutoAugment's policy", () => {
  it("is timm's, and its operations get timm's arguments", () => {
    const ours = imageNetPolicy.map((pair) =>
      pair.map((step) => ({
        ...step,
        deviation: 0,
        plus: argumentOf(drawn(step.op, step.magnitude, 1)),
        minus: argumentOf(drawn(step.op, step.magnitude, -1)),
      })),
    );
    expect(ours).toEqual(policy);
  });
});

describe("an operation of AutoAugment or the jitter", () => {
  it.each([...new Set(operations.map(({ op }) => op))])("gives Pillow's bytes, and gets timm's argument: %s", (name) => {
    const own = operations.filter(({ op }) => op === name);
    const ours = own.map(({ op, magnitude, image }) => ({
      op,
      magnitude,
      image,
      argument: argumentOf(drawn(op, magnitude)),
      digest: digestOf(operate(plainKernels, picture(`image.${image}`), drawn(op, magnitude)).data),
    }));
    expect(ours).toEqual(own);
  });
});

describe("colour jitter", () => {
  it.each(jitter)("gives torchvision's bytes: $order by $factors", ({ order, factors, digest }) => {
    const draws = order.map((op, i) => drawn(op, magnitudeOfFactor(factors[i] ?? NaN)));
    const changed = draws.reduce<Pixels>((pixels, draw) => operate(plainKernels, pixels, draw), picture("image.natural"));
    expect(digestOf(changed.data)).toBe(digest);
  });
});
