/**
 * Steps of the optimisers, as they are often written wrong.
 *
 *   (E35)  AdamW   θ ← θ·(1 − η·wd), then θ ← θ − (η/(1 − β₁ᵏ)) · m / (√v/√(1 − β₂ᵏ) + eps)
 *   (E36)  SGD     g ← g + wd·θ      b ← g at the first step, else μ·b + g
 */
import type { Kernels } from "../../kernels/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { adamw } from "../../train/optimizer/adamw.ts";
import { decaysOf } from "../../train/optimizer/decay.ts";
import { optimise, type Optimizer } from "../../train/optimizer/optimizer.ts";
import { sgd } from "../../train/optimizer/sgd.ts";
import type { Decays } from "../../train/optimizer/adamw.ts";
import type { Flat, Rule } from "../steps/optimizerSteps.ts";
import type { OptimizerVariant } from "./variant.ts";

type Adam = Extract<Optimizer, { readonly kind: "adamw" }>;

/** The right step with another choice of the parameters that decay. */
function decaying(decaysFor: (settings: Optimizer) => Decays): Rule {
  return (k, settings, { params, optimizer: { m, v }, grads, finite, skipped }, { lr, step }) => {
    if (settings.kind === "sgd") {
      const next = sgd(k, { params, buffer: m, grads, finite }, { ...settings, lr }, decaysFor(settings));
      return { params: next.params, optimizer: { m: next.buffer, v: null } };
    }
    if (m === null || v === null) throw new Error("adamw: the state has no moments");
    const next = adamw(k, { params, moments: { m, v }, grads, finite, skipped }, { ...settings, lr, step }, decaysFor(settings));
    return { params: next.params, optimizer: next.moments };
  };
}

/** One parameter with its new moments. */
interface Leaf {
  readonly theta: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
}

interface LeafAttrs extends Adam {
  /** η */
  readonly lr: number;
  /** k, from 1. */
  readonly step: number;
}

/** A step of AdamW with a wrong update; `weightDecay` is 0 for a parameter that does not decay. */
function updating(update: (k: Kernels, leaf: Leaf, attrs: LeafAttrs) => Tensor): Rule {
  return (k, settings, { params, optimizer: { m: ms, v: vs }, grads }, at) => {
    if (settings.kind !== "adamw") throw new Error("this is a variant of AdamW");
    const { beta1, beta2 } = settings;
    const decays = decaysOf(settings.noDecay);
    const leaves = Object.entries(params).map(([name, theta]) => {
      const [g, m0, v0] = [grads[name], ms?.[name], vs?.[name]];
      if (g === undefined || m0 === undefined || v0 === undefined) throw new Error(`adamw: nothing named ${name}`);
      const m = k.add(k.scale(m0, beta1), k.scale(g, 1 - beta1));
      const v = k.add(k.scale(v0, beta2), k.scale(k.square(g), 1 - beta2));
      const weightDecay = decays(name, theta.shape) ? settings.weightDecay : 0;
      return { name, theta: update(k, { theta, m, v }, { ...settings, ...at, weightDecay }), m, v };
    });
    const pick = (key: keyof Leaf): Flat => Object.fromEntries(leaves.map((leaf) => [leaf.name, leaf[key]]));
    return { params: pick("theta"), optimizer: { m: pick("m"), v: pick("v") } };
  };
}

/** η m̂/(√v̂ + eps) */
function rightMove(k: Kernels, { m, v }: Leaf, { lr, beta1, beta2, eps, step }: LeafAttrs): Tensor {
  const root = k.addScalar(k.scale(k.sqrt(v), 1 / Math.sqrt(1 - beta2 ** step)), eps);
  return k.scale(k.div(m, root), lr / (1 - beta1 ** step));
}

const decayed = (k: Kernels, theta: Tensor, { lr, weightDecay }: LeafAttrs): Tensor => k.scale(theta, 1 - lr * weightDecay);

/** The decay is added to the gradient, and so to the moments. */
const l2: Rule = (k, settings, before, at) => {
  const decays = decaysOf(settings.noDecay);
  const grads = Object.entries(before.params).map(([name, theta]): [string, Tensor] => {
    const g = before.grads[name];
    if (g === undefined) throw new Error(`adamw: no gradient of ${name}`);
    return [name, decays(name, theta.shape) ? k.add(g, k.scale(theta, settings.weightDecay)) : k.scale(g, 1)];
  });
  return optimise(k, { ...settings, weightDecay: 0 }, { ...before, grads: Object.fromEntries(grads) }, at);
};

/** From the second step on the gradient is multiplied by 1 − μ before it is added to the buffer. */
const dampened: Rule = (k, settings, before, at) => {
  if (settings.kind !== "sgd") throw new Error("this is a variant of SGD");
  const { momentum, nesterov, weightDecay } = settings;
  const decays = decaysOf(settings.noDecay);
  const leaves = Object.entries(before.params).map(([name, theta]) => {
    const [g, old] = [before.grads[name], before.optimizer.m?.[name]];
    if (g === undefined) throw new Error(`sgd: no gradient of ${name}`);
    const grad = k.add(g, k.scale(theta, decays(name, theta.shape) ? weightDecay : 0));
    const buffer = old === undefined ? grad : k.add(k.scale(old, momentum), k.scale(grad, 1 - momentum));
    const direction = nesterov ? k.add(grad, k.scale(buffer, momentum)) : buffer;
    return { name, theta: k.sub(theta, k.scale(direction, at.lr)), buffer };
  });
  const pick = (key: "theta" | "buffer"): Flat => Object.fromEntries(leaves.map((leaf) => [leaf.name, leaf[key]]));
  return { params: pick("theta"), optimizer: { m: pick("buffer"), v: null } };
};

const about = { part: "optimizer" } as const;

export const optimizerVariants: readonly OptimizerVariant[] = [
  {
    ...about,
    name: "adamw-l2",
    instead: "the decay is added to the gradient",
    reason: "Adam with weight_decay was used, whose decay passes through the moments",
    equation: "(E35)",
    kinds: ["adamw"],
    wrong: l2,
  },
  {
    ...about,
    name: "adamw-eps-inside-root",
    instead: "eps is added under the root, m̂/√(v̂ + eps)",
    reason: "some variants of RMSProp do so; Adam adds it to the root",
    equation: "(E35)",
    kinds: ["adamw"],
    wrong: updating((k, leaf, attrs) => {
      const { lr, beta1, beta2, eps, step } = attrs;
      const root = k.sqrt(k.addScalar(k.scale(leaf.v, 1 / (1 - beta2 ** step)), eps));
      return k.sub(decayed(k, leaf.theta, attrs), k.scale(k.div(leaf.m, root), lr / (1 - beta1 ** step)));
    }),
  },
  {
    ...about,
    name: "adamw-no-bias-correction",
    instead: "the moments are not corrected, m/(√v + eps)",
    reason: "BERT's original optimiser has no correction",
    equation: "(E35)",
    kinds: ["adamw"],
    wrong: updating((k, leaf, attrs) => {
      const root = k.addScalar(k.sqrt(leaf.v), attrs.eps);
      return k.sub(decayed(k, leaf.theta, attrs), k.scale(k.div(leaf.m, root), attrs.lr));
    }),
  },
  {
    ...about,
    name: "decay-on-everything",
    instead: "biases, norms, class token and positions decay as well",
    reason: "all parameters were given to the optimiser as one group",
    equation: "(E35), (E36)",
    kinds: ["adamw", "sgd"],
    wrong: decaying(() => () => true),
  },
  {
    ...about,
    name: "decay-not-on-distillation-token",
    instead: "the distillation token does not decay",
    reason: "recent versions of timm exempt it like the class token; the authors' code does not",
    equation: "(E35), (E36)",
    kinds: ["adamw", "sgd"],
    wrong: decaying(() => decaysOf("timm")),
  },
  {
    ...about,
    name: "adamw-decay-after-step",
    instead: "the decay acts on the updated weights, (θ − step)·(1 − η·wd)",
    reason: "decay and step were written in the wrong order",
    equation: "(E35)",
    kinds: ["adamw"],
    wrong: updating((k, leaf, attrs) => decayed(k, k.sub(leaf.theta, rightMove(k, leaf, attrs)), attrs)),
  },
  {
    ...about,
    name: "sgd-dampened",
    instead: "from the second step on, the gradient enters the buffer with the factor 1 − μ",
    reason: "the buffer was written as a running mean, or dampening was set to the momentum",
    equation: "(E36)",
    kinds: ["sgd"],
    wrong: dampened,
  },
  {
    ...about,
    name: "decay-missing",
    instead: "no parameter decays",
    reason: "weight_decay was left at the optimiser's default, or at 0",
    equation: "(E35), (E36)",
    kinds: ["adamw", "sgd"],
    wrong: decaying(() => () => false),
  },
  {
    ...about,
    name: "adamw-decay-without-rate",
    instead: "the decay is not multiplied by the learning rate, θ(1 − wd)",
    reason: "the paper on decoupled decay gives the decay a schedule of its own; the frameworks multiply it by the learning rate",
    equation: "(E35)",
    kinds: ["adamw"],
    wrong: updating((k, leaf, attrs) => k.sub(k.scale(leaf.theta, 1 - attrs.weightDecay), rightMove(k, leaf, attrs))),
  },
  {
    ...about,
    name: "nesterov-missing",
    instead: "plain momentum is used, θ − η·b",
    reason: "nesterov is False by default",
    equation: "(E36)",
    kinds: ["sgd"],
    wrong: (k, settings, before, at) => optimise(k, settings.kind === "sgd" ? { ...settings, nesterov: false } : settings, before, at),
  },
];
