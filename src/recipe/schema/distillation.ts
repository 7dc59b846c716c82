/** The table `[distillation]`: what the student learns from its teacher (deit.md 2.3 to 2.5). */
import { z } from "zod";
import type { Distillation } from "../../train/step/objective.ts";
import { given, oneOf, positive, share } from "../fields.ts";

const student = given(oneOf("distillation", "class"), "distillation", "deit.md 2.5", "which head learns from the teacher");

const table = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("none").meta({ source: "deit.md 7.1" }) }),
    z.strictObject({ kind: z.literal("class-head") }),
    z.strictObject({ kind: z.literal("two-class-tokens") }),
    z.strictObject({ kind: z.literal("hard"), alpha: given(share, 0.5, "deit.md 2.4", "share of the teacher's loss"), student }),
    z.strictObject({
      kind: z.literal("soft"),
      lambda: given(share, 0.1, "deit.md 2.3", "share of the teacher's loss"),
      tau: given(positive, 3, "deit.md 2.3", "temperature τ"),
      divide_by: given(oneOf("batch", "batch*classes"), "batch", "deit.md 2.3", "what the sum of the teacher's loss is divided by"),
      direction: given(
        oneOf("teacher-first", "student-first"),
        "teacher-first",
        "deit.md 10",
        "which distribution the divergence has first",
      ),
      student,
    }),
  ],
  { error: 'must be "none", "class-head", "hard", "soft" or "two-class-tokens"' },
);

/** The schema. */
export const distillationTable: z.ZodType = table;

/** What the table says. */
export function distillationOf(distillation: unknown): Distillation {
  const settings = table.parse(distillation);
  if (settings.kind !== "soft") return settings;
  const { divide_by: divideBy, ...same } = settings;
  return { ...same, divideBy };
}
