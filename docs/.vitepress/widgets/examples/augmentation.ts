/** Examples of the chapter on augmentation: maps of images and labels, as ops, so that a gradient can be shown and an answer judged. */
import { cutMixBox, defineOp, keyOf, mixup, type Kernels, type Op, type Tensor } from "deit";
import { drawOf, hostArray, type HostArray } from "deit/check";
import { viewOf } from "../../../../src/data/loader/sampler.ts";
import { exampleOf, type Example } from "../example.ts";

/** Groups of so many samples, each mixed with its own λ. */
interface MixAttrs {
  readonly group: number;
  readonly lambdas: readonly number[];
}

const eachGroup = (k: Kernels, x: Tensor, { group, lambdas }: MixAttrs): Tensor =>
  k.concat(
    lambdas.map((lambda, g) => mixup.run(k, { x: k.slice(x, 0, g * group, (g + 1) * group) }, { lambda })),
    0,
  );

/** (E38) for groups. The map is symmetric, so that it is its own gradient. */
const mixedGroups: Op<{ readonly x: Tensor }, MixAttrs, MixAttrs> = defineOp({
  name: "mixup",
  shapes: { inputs: { x: "B K" }, out: "B K" },
  forward: (k, { x }, attrs) => ({ out: eachGroup(k, x, attrs), saved: attrs }),
  vjp: (k, attrs, dOut) => ({ x: eachGroup(k, dOut, attrs) }),
});

/** Which image each view shows. */
interface ViewsAttrs {
  readonly images: number;
  readonly samples: readonly number[];
}

const picked = (k: Kernels, { images, samples }: ViewsAttrs): Tensor => k.oneHot(k.upload([samples.length], samples), images);

/** The image of each view; an image that is seen several times collects the gradients of all its views. */
const views: Op<{ readonly x: Tensor }, ViewsAttrs, ViewsAttrs> = defineOp({
  name: "views",
  shapes: { inputs: { x: "N D" }, out: "V D" },
  forward: (k, { x }, attrs) => ({ out: k.matmul(picked(k, attrs), x), saved: attrs }),
  vjp: (k, attrs, dOut) => ({ x: k.matmul(picked(k, attrs), dOut, { ta: true }) }),
});

/** λ and centre of the boxes of an exercise: clipped ones, whole ones, one with an odd side. */
const boxes = [
  { lambda: 0.5, y: 16, x: 16 },
  { lambda: 0.3, y: 2, x: 20 },
  { lambda: 0.75, y: 31, x: 0 },
  { lambda: 0.9, y: 9, x: 30 },
];
/** The side of their images, in pixels. */
const SIDE = 32;

/** The constants that the reader gets. */
export const boxConstants: Readonly<Record<string, HostArray>> = {
  lambda: hostArray([boxes.length], boxes.map(({ lambda }) => lambda)), // prettier-ignore
  centre: hostArray([boxes.length, 2], boxes.flatMap(({ y, x }) => [y, x])), // prettier-ignore
};

/** The permutation of an epoch on eight images, and how the batch is divided. */
const ORDER = [5, 2, 7, 0, 3, 6, 1, 4];
const sampling = { repeats: 3, replicas: 4 };
const EACH = (ORDER.length * sampling.repeats) / sampling.replicas;

/** The constants that the reader gets. */
export const viewConstants: Readonly<Record<string, HostArray>> = { order: hostArray([ORDER.length], ORDER) };

const draw = drawOf(keyOf(11));

export const augmentation = {
  mixup: exampleOf(mixedGroups, { inputs: { x: draw.array([4, 2]) }, attrs: () => ({ group: 4, lambdas: [0.7] }) }),
  boxes: exampleOf(mixedGroups, {
    inputs: { x: draw.array([boxes.length * 2, 3]) },
    attrs: () => ({
      group: 2,
      lambdas: boxes.map(({ lambda, ...centre }) => cutMixBox({ H: SIDE, W: SIDE, lambda, centre, rule: "deit" }).lambda),
    }),
  }),
  views: exampleOf(views, {
    inputs: { x: draw.array([ORDER.length, 1]) },
    attrs: () => ({
      images: ORDER.length,
      samples: Array.from({ length: EACH * sampling.replicas }, (_, i) => viewOf(ORDER, sampling, Math.floor(i / EACH), i % EACH).sample),
    }),
  }),
} satisfies Readonly<Record<string, Example>>;
