/** Figure 3: accuracy over the number of epochs, with and without distillation. */
import { changed, none, token } from "../../arms.ts";
import type { Arm, Line } from "../../experiment.ts";
import { equal, measuredLine, more, top1 } from "../../terms.ts";
import type { Part } from "./part.ts";

/** That of the shared arms. */
const SHARED = 60;
const epochs = [15, 30, SHARED, 120] as const;
type Epochs = (typeof epochs)[number];

const FROM_TOKEN = "teacher.run={token}/teacher";

const trainedFor = (arm: Arm, n: Epochs, ...changes: readonly string[]): Arm =>
  n === SHARED ? arm : changed(arm, `${arm.name}-${n}-epochs`, `training.epochs=${n}`, ...changes);

const plain = (n: Epochs): string => `plain, ${n} epochs`;
const distilled = (n: Epochs): string => `⚗, ${n} epochs`;

/** The paper's accuracies after 300 and, distilled, 1000 epochs. */
const paper = { plain: { 60: 81.8 }, distilled: { 60: 83.4, 120: 84.2 } } as const;
const paperOf = (of: { readonly [N in Epochs]?: number }, n: Epochs): number | null => of[n] ?? null;

const students = epochs.map((n) => ({ n, plain: trainedFor(none, n), distilled: trainedFor(token, n, FROM_TOKEN) }));

const line = (name: string, quantity: (n: Epochs) => string): Line =>
  measuredLine(
    name,
    epochs.map((n) => [n, quantity(n)]),
  );

/** What the paper's distilled model gains from 300 to 1000 epochs, in points. */
const GAIN = 0.8;

export const schedules: Part = {
  arms: students.flatMap((student) => [student.distilled, student.plain]),
  measurements: [],
  quantities: students.flatMap((student) => [
    top1(plain(student.n), student.plain, "class", paperOf(paper.plain, student.n)),
    top1(distilled(student.n), student.distilled, "mean", paperOf(paper.distilled, student.n)),
  ]),
  claims: [
    more("A distilled student is better after 120 epochs than after 60.", distilled(120), distilled(60), GAIN),
    equal("A plain one is not: it has saturated.", plain(120), plain(60), GAIN),
    more(
      "From 60 to 120 epochs, a distilled student gains more than a plain one.",
      [distilled(120), plain(60)],
      [distilled(60), plain(120)],
      GAIN,
    ),
  ],
  figures: [
    {
      title: "Schedules: top-1 over the number of epochs",
      x: { label: "epochs", scale: "log" },
      y: { label: "top-1, %", scale: "linear" },
      lines: [line("plain", plain), line("⚗", distilled)],
    },
  ],
};
