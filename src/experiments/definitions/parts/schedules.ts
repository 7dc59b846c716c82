/** Figure 3: accuracy over the number of epochs, with and without distillation. */
import { changed, none, token } from "../../arms.ts";
import type { Arm, Line } from "../../experiment.ts";
import { equal, measuredLine, more, top1 } from "../../terms.ts";
import type { Part } from "./part.ts";

/** The epochs of the shared arms, and a third of them, as the paper's longest and its usual schedule have 1000 and 300. */
const SHARED = 60;
const SHORT = 20;
const epochs = [10, SHORT, SHARED] as const;
type Epochs = (typeof epochs)[number];

const FROM_TOKEN = "teacher.run={token}/teacher";

const trainedFor = (arm: Arm, n: Epochs, ...changes: readonly string[]): Arm =>
  n === SHARED ? arm : changed(arm, `${arm.name}-${n}-epochs`, `training.epochs=${n}`, ...changes);

const plain = (n: Epochs): string => `plain, ${n} epochs`;
const distilled = (n: Epochs): string => `⚗, ${n} epochs`;

/** The paper's accuracies after 300 and, distilled, 1000 epochs. */
const paper = { plain: { [SHORT]: 81.8 }, distilled: { [SHORT]: 83.4, [SHARED]: 84.2 } } as const;
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
    more("A distilled student is better after 60 epochs than after 20.", distilled(SHARED), distilled(SHORT), GAIN),
    equal("A plain student is as good after 20 epochs as after 60.", plain(SHARED), plain(SHORT), GAIN),
    more(
      "From 20 to 60 epochs, a distilled student gains more than a plain student.",
      [distilled(SHARED), plain(SHORT)],
      [distilled(SHORT), plain(SHARED)],
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
