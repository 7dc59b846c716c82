/** Errors in the losses: wrong shares, factors and divisors. */
import { crossEntropy } from "../../../src/losses/crossEntropy.ts";
import { countOf, divergence } from "../../../src/losses/divergence.ts";
import { hardDistillation } from "../../../src/losses/hardDistillation.ts";
import { reverseDivergence } from "../../../src/losses/reverseDivergence.ts";
import { softDistillation } from "../../../src/losses/softDistillation.ts";
import { twoClassTokens } from "../../../src/losses/twoClassTokens.ts";
import { usualHardDistillation, usualSoftDistillation } from "../../../src/losses/usualDistillation.ts";
import { softmax } from "../../../src/ops/softmax.ts";
import { axis } from "../../../src/tensor/tensor.ts";
import { planted, right, type PlantedError } from "../../helpers/planted.ts";

const crossEntropyErrors: readonly PlantedError[] = [
  planted(crossEntropy, "the sum over the batch instead of its mean", {
    forward(k, inputs, attrs) {
      const { out, saved } = right(crossEntropy).forward(k, inputs, attrs);
      return { out: k.scale(out, axis(inputs.logits.shape, 0)), saved };
    },
  }),
  planted(crossEntropy, "1/B missing in its VJP", {
    vjp(k, { logProbs, target }, dLoss) {
      const dz = k.sub(k.mul(k.exp(logProbs), k.sumLast(target)), target);
      return { logits: k.mul(dz, dLoss) };
    },
  }),
  planted(crossEntropy, "⟨q, 1⟩ taken to be 1 in its VJP", {
    vjp(k, { logProbs, target }, dLoss) {
      const dz = k.scale(k.sub(k.exp(logProbs), target), 1 / axis(target.shape, 0));
      return { logits: k.mul(dz, dLoss) };
    },
  }),
];

const divergenceErrors: readonly PlantedError[] = [
  planted(divergence, "τ² missing", {
    forward(k, inputs, attrs) {
      const { out, saved } = right(divergence).forward(k, inputs, attrs);
      return { out: k.scale(out, attrs.tau ** -2), saved };
    },
  }),
  planted(divergence, "τ missing in its VJP", {
    vjp: (k, saved, dOut) => ({ student: k.scale(right(divergence).vjp(k, saved, dOut).student, 1 / saved.tau) }),
  }),
  planted(divergence, "its VJP always divided by B", {
    vjp: (k, saved, dOut) => right(divergence).vjp(k, { ...saved, divideBy: "batch" }, dOut),
  }),
  planted(divergence, "always divided by B·K", {
    forward: (k, inputs, attrs) => right(divergence).forward(k, inputs, { ...attrs, divideBy: "batch*classes" }),
  }),
  planted(divergence, "p − s instead of s − p", {
    vjp: (k, { student, teacher, ...rest }, dOut) => right(divergence).vjp(k, { student: teacher, teacher: student, ...rest }, dOut),
  }),
  planted(reverseDivergence, "⟨s, u⟩ dropped from its VJP", {
    vjp(k, { student, teacher, tau, divideBy }, dOut) {
      const dz = k.scale(k.mul(k.exp(student), k.sub(student, teacher)), tau / countOf(student.shape, divideBy));
      return { student: k.mul(dz, dOut) };
    },
  }),
  planted(reverseDivergence, "KL(p‖s) instead of KL(s‖p)", {
    forward: (k, inputs, attrs) => right(divergence).forward(k, inputs, attrs),
  }),
  planted(reverseDivergence, "its VJP always divided by B", {
    vjp: (k, saved, dOut) => right(reverseDivergence).vjp(k, { ...saved, divideBy: "batch" }, dOut),
  }),
];

const distillationErrors: readonly PlantedError[] = [
  planted(softDistillation, "the shares exchanged", {
    forward: (k, inputs, attrs) => right(softDistillation).forward(k, inputs, { ...attrs, lambda: 1 - attrs.lambda }),
  }),
  planted(softDistillation, "λ missing in its VJP", {
    vjp(k, saved, dLoss) {
      const { head } = right(softDistillation).vjp(k, saved, dLoss);
      return { head, head_dist: right(softDistillation).vjp(k, { ...saved, lambda: 1 }, dLoss).head_dist };
    },
  }),
  planted(softDistillation, "the teacher always first", {
    forward: (k, inputs, attrs) => right(softDistillation).forward(k, inputs, { ...attrs, direction: "teacher-first" }),
    vjp: (k, saved, dLoss) => right(softDistillation).vjp(k, { ...saved, direction: "teacher-first" }, dLoss),
  }),
  planted(softDistillation, "the teacher always first in its VJP", {
    vjp: (k, saved, dLoss) => right(softDistillation).vjp(k, { ...saved, direction: "teacher-first" }, dLoss),
  }),
  planted(hardDistillation, "the shares exchanged in its VJP", {
    vjp: (k, saved, dLoss) => right(hardDistillation).vjp(k, { ...saved, alpha: 1 - saved.alpha }, dLoss),
  }),
  planted(hardDistillation, "the teacher's softmax instead of its decision", {
    forward(k, { head, head_dist }, { target, teacher, alpha }) {
      const truth = crossEntropy.forward(k, { logits: head }, { target });
      const taught = crossEntropy.forward(k, { logits: head_dist }, { target: softmax.forward(k, { z: teacher }).out });
      const loss = k.add(k.scale(truth.out, 1 - alpha), k.scale(taught.out, alpha));
      return { out: loss, saved: { truth: truth.saved, teacher: taught.saved, alpha } };
    },
  }),
  planted(usualSoftDistillation, "'head is used twice' forgotten", {
    vjp: (k, saved, dLoss) => ({ head: softDistillation.vjp(k, saved, dLoss).head }),
  }),
  planted(usualHardDistillation, "'head is used twice' forgotten", {
    vjp: (k, saved, dLoss) => ({ head: hardDistillation.vjp(k, saved, dLoss).head_dist }),
  }),
  planted(twoClassTokens, "½ missing in its VJP", {
    vjp: (k, saved, dLoss) => ({
      head: crossEntropy.vjp(k, saved.head, dLoss).logits,
      head_dist: crossEntropy.vjp(k, saved.head_dist, dLoss).logits,
    }),
  }),
  planted(twoClassTokens, "the logits of the first token taken twice", {
    forward: (k, { head }, attrs) => right(twoClassTokens).forward(k, { head, head_dist: head }, attrs),
  }),
];

export const lossErrors: readonly PlantedError[] = [...crossEntropyErrors, ...divergenceErrors, ...distillationErrors];
