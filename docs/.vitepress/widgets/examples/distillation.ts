/** Examples of the chapter on distillation: one image, three classes. */
import { divergence, hardDistillation, reverseDivergence, softDistillation, usualHardDistillation, usualSoftDistillation } from "deit";
import type { DivergenceAttrs, HardDistillationAttrs, Kernels, SoftDistillationAttrs } from "deit";
import { settableExampleOf, type SettableExample } from "../example.ts";
import { numberOf, row, scalar, tensorOf } from "../settings.ts";

/** The teacher is sure of class 0, and finds class 1 the most similar. */
const teacher = row(6, 3, 0);
/** The student prefers class 2. */
const student = row(1, 0, 2);
/** The label: class 2. */
const target = row(0, 0, 1);

const tempered = { teacher, tau: scalar(3) };
const soft = { target, ...tempered, lambda: scalar(0.1) };
const hard = { target, teacher, alpha: scalar(0.5) };

const temperedAttrs = (k: Kernels, s: typeof tempered): DivergenceAttrs => ({
  teacher: tensorOf(k, s.teacher),
  tau: numberOf(s.tau),
  divideBy: "batch",
});

const softAttrs = (k: Kernels, s: typeof soft): SoftDistillationAttrs => ({
  ...temperedAttrs(k, s),
  target: tensorOf(k, s.target),
  lambda: numberOf(s.lambda),
  direction: "teacher-first",
});

const hardAttrs = (k: Kernels, s: typeof hard): HardDistillationAttrs => ({
  target: tensorOf(k, s.target),
  teacher: tensorOf(k, s.teacher),
  alpha: numberOf(s.alpha),
});

export const distillation = {
  divergence: settableExampleOf(divergence, {
    inputs: { student },
    settings: tempered,
    attrs: temperedAttrs,
  }),
  reverseDivergence: settableExampleOf(reverseDivergence, {
    inputs: { student },
    settings: tempered,
    attrs: temperedAttrs,
  }),
  softDistillation: settableExampleOf(softDistillation, {
    inputs: { head: student, head_dist: student },
    settings: soft,
    attrs: softAttrs,
  }),
  hardDistillation: settableExampleOf(hardDistillation, {
    inputs: { head: student, head_dist: student },
    settings: hard,
    attrs: hardAttrs,
  }),
  usualSoftDistillation: settableExampleOf(usualSoftDistillation, { inputs: { head: student }, settings: soft, attrs: softAttrs }),
  usualHardDistillation: settableExampleOf(usualHardDistillation, { inputs: { head: student }, settings: hard, attrs: hardAttrs }),
} satisfies Readonly<Record<string, SettableExample>>;
