/** Prints the results of a finished run for people. */
import type { RunResult } from "../../train/run/run.ts";
import type { Accuracy } from "../../train/evaluation/accuracy.ts";
import { percent, print, table } from "../output.ts";

const LOSS_DIGITS = 4;
const COSINE_DIGITS = 3;

const cells = (name: string, { top1, top5, loss }: Accuracy): readonly string[] => [
  name,
  percent(top1),
  percent(top5),
  loss.toFixed(LOSS_DIGITS),
];

/** Prints the accuracies on the test images, and the cosine of the two tokens by block. */
export function printResult({ teacher, teachers, student, average, cosines }: RunResult): void {
  const each = teachers.flatMap(({ name, accuracy }, i) => (accuracy === null ? [] : [cells(`teacher ${i}: ${name}`, accuracy)]));
  const rows = [
    ...(teachers.length > 1 ? each : []),
    ...(teacher === null ? [] : [cells(teachers.length > 1 ? "teachers together" : "teacher", teacher)]),
    cells("class head", student.class),
    ...(student.distillation === null
      ? []
      : [
          cells("distillation head", student.distillation),
          cells("both: mean of logits", student.mean),
          cells("both: sum of softmax", student["softmax-sum"]),
        ]),
    ...(average === null ? [] : [cells("average of the weights", average.mean)]),
  ];
  print(`On ${student.mean.images} test images:`);
  for (const line of table([["", "top-1", "top-5", "loss"], ...rows], ["left", "right", "right", "right"])) print(line);
  if (student.mean.disagreement !== null) print(`the two heads disagree on ${percent(student.mean.disagreement)} of the images`);
  if (cosines === null) return;
  print("");
  print("Cosine of class and distillation token:");
  const layers = [
    ["learned tokens", cosines.input.toFixed(COSINE_DIGITS)],
    ["with positions", cosines.positioned.toFixed(COSINE_DIGITS)],
    ...cosines.blocks.map((cosine, i) => [`after block ${i}`, cosine.toFixed(COSINE_DIGITS)]),
  ];
  for (const line of table(layers, ["left", "right"])) print(line);
}
