/** The arms that several experiments share, whose runs are trained once. */
import type { Arm } from "./experiment.ts";

/** Changes that make a student without a distillation token. */
const classOnly = "model.distilled=false";
/** Changes that make it learn from the teacher of the arm `token`. */
const byClassHead = (kind: "soft" | "hard"): readonly string[] => [
  classOnly,
  `distillation.kind=${kind}`,
  "distillation.student=class",
  "teacher.run={token}/teacher",
];

/** ⚗: the recipe as it is, a distilled student that learns hard from a ConvNet, which is trained first. */
export const token: Arm = { name: "token", set: [] };
/** The student without a teacher. */
export const none: Arm = { name: "none", set: [classOnly, "distillation.kind=none"] };
/** The usual (soft) distillation, of the class head. */
export const soft: Arm = { name: "soft", set: byClassHead("soft") };
/** Hard distillation of the class head. */
export const hard: Arm = { name: "hard", set: byClassHead("hard") };
/** The control: two class tokens, and no teacher. */
export const twoClassTokens: Arm = { name: "two-class-tokens", set: ["distillation.kind=two-class-tokens"] };

/** An arm that differs from another by further changes. */
export const changed = ({ set }: Arm, name: string, ...changes: readonly string[]): Arm => ({ name, set: [...set, ...changes] });
