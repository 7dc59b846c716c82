/** The losses and what makes their targets, for one image and the classes of ImageNet. */
import { crossEntropy } from "../../losses/crossEntropy.ts";
import { divergence, type Divisor } from "../../losses/divergence.ts";
import { hardDistillation, teacherDecision } from "../../losses/hardDistillation.ts";
import { smoothOverAll, smoothOverOthers } from "../../losses/labelSmoothing.ts";
import { reverseDivergence } from "../../losses/reverseDivergence.ts";
import { softDistillation, type Direction } from "../../losses/softDistillation.ts";
import { twoClassTokens } from "../../losses/twoClassTokens.ts";
import { usualHardDistillation, usualSoftDistillation } from "../../losses/usualDistillation.ts";
import { opOf, runOf, type About, type Operation } from "./operation.ts";

const ofLogits = (oracle: string): About => ({ axes: "B K", shape: [1, 1000], sizes: {}, oracle });

/** The paper's (deit.md 2.3, 2.4), and ε of deit.md 2.2. */
const [TAU, LAMBDA, ALPHA, SHARE] = [3, 0.1, 0.5, 0.1];
const divideBy: Divisor = "batch";
const direction: Direction = "teacher-first";

const smoothed = (name: string, smooth: typeof smoothOverAll, oracle: string, row: string): Operation =>
  runOf(name, { axes: "B", shape: [1], sizes: { K: () => 1000 }, oracle, row }, ({ plain }, shape, { K = 0 }) => {
    const labels = plain(...shape);
    return (k) => smooth(k, labels, K, SHARE);
  });

export const lossOperations: readonly Operation[] = [
  opOf(crossEntropy, ofLogits("laws/loops/losses.ts crossEntropy"), ({ activation, plain }, shape) => ({
    inputs: { logits: activation(...shape) },
    attrs: { target: plain(...shape) },
  })),
  opOf(divergence, ofLogits("laws/loops/losses.ts divergence"), ({ activation }, shape) => ({
    inputs: { student: activation(...shape) },
    attrs: { teacher: activation(...shape), tau: TAU, divideBy },
  })),
  opOf(reverseDivergence, ofLogits("laws/loops/losses.ts reverseDivergence"), ({ activation }, shape) => ({
    inputs: { student: activation(...shape) },
    attrs: { teacher: activation(...shape), tau: TAU, divideBy },
  })),
  opOf(softDistillation, ofLogits("laws/loops/losses.ts softDistillation"), ({ activation, plain }, shape) => ({
    inputs: { head: activation(...shape), head_dist: activation(...shape) },
    attrs: { target: plain(...shape), teacher: activation(...shape), tau: TAU, divideBy, direction, lambda: LAMBDA },
  })),
  opOf(hardDistillation, ofLogits("laws/loops/losses.ts hardDistillation"), ({ activation, plain }, shape) => ({
    inputs: { head: activation(...shape), head_dist: activation(...shape) },
    attrs: { target: plain(...shape), teacher: activation(...shape), alpha: ALPHA },
  })),
  opOf(usualSoftDistillation, ofLogits("laws/loops/losses.ts softDistillation"), ({ activation, plain }, shape) => ({
    inputs: { head: activation(...shape) },
    attrs: { target: plain(...shape), teacher: activation(...shape), tau: TAU, divideBy, direction, lambda: LAMBDA },
  })),
  opOf(usualHardDistillation, ofLogits("laws/loops/losses.ts hardDistillation"), ({ activation, plain }, shape) => ({
    inputs: { head: activation(...shape) },
    attrs: { target: plain(...shape), teacher: activation(...shape), alpha: ALPHA },
  })),
  opOf(twoClassTokens, ofLogits("laws/loops/losses.ts crossEntropy"), ({ activation, plain }, shape) => ({
    inputs: { head: activation(...shape), head_dist: activation(...shape) },
    attrs: { target: plain(...shape) },
  })),
  runOf("teacherDecision", { ...ofLogits("laws/loops/losses.ts decision"), row: "E25" }, ({ activation }, shape) => {
    const teacher = activation(...shape);
    return (k) => teacherDecision(k, teacher);
  }),
  smoothed("smoothOverAll", smoothOverAll, "laws/loops/losses.ts smoothOverAll", "E20"),
  smoothed("smoothOverOthers", smoothOverOthers, "laws/loops/losses.ts smoothOverOthers", "E21"),
];
