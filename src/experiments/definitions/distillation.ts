/** Table 3: which distillation helps, and whether a token of its own does. */
import type { Experiment } from "../experiment.ts";

/** Students without a distillation token, which learn from the label and the teacher by the class head. */
const classOnly = ["model.distilled=false"];
const fromToken = "token";

export const distillation: Experiment = {
  name: "distillation",
  title: "Distillation methods",
  question: "Does a student of a ConvNet learn more by the usual soft distillation, by hard distillation, or by a token of its own?",
  source: "Table 3",
  paper: "DeiT-B, 224, 300 epochs, teacher RegNetY-16GF",
  arms: [
    { name: fromToken, set: [], teacherOf: null },
    { name: "none", set: [...classOnly, "distillation.kind=none"], teacherOf: null },
    { name: "soft", set: [...classOnly, "distillation.kind=soft", "distillation.student=class"], teacherOf: fromToken },
    { name: "hard", set: [...classOnly, "distillation.kind=hard", "distillation.student=class"], teacherOf: fromToken },
    { name: "two-class-tokens", set: ["distillation.kind=two-class-tokens"], teacherOf: null },
  ],
  quantities: [
    { name: "teacher", arm: fromToken, by: "teacher", paper: 82.9 },
    { name: "no distillation", arm: "none", by: "class", paper: 81.8 },
    { name: "usual (soft) distillation", arm: "soft", by: "class", paper: 81.8 },
    { name: "hard distillation", arm: "hard", by: "class", paper: 83.0 },
    { name: "⚗ class head", arm: fromToken, by: "class", paper: 83.0 },
    { name: "⚗ distillation head", arm: fromToken, by: "distillation", paper: 83.1 },
    { name: "⚗ both heads", arm: fromToken, by: "mean", paper: 83.4 },
    { name: "two class tokens", arm: "two-class-tokens", by: "mean", paper: null },
  ],
  claims: [
    {
      text: "Hard distillation is better than none.",
      of: ["hard distillation", "no distillation"],
      says: { kind: "more", effect: 1.2 },
    },
    {
      text: "Hard distillation is better than the usual soft one.",
      of: ["hard distillation", "usual (soft) distillation"],
      says: { kind: "more", effect: 1.2 },
    },
    {
      text: "A distillation token with both heads is better than hard distillation by the class head.",
      of: ["⚗ both heads", "hard distillation"],
      says: { kind: "more", effect: 0.4 },
    },
    {
      text: "Of the distilled model, the distillation head is better than the class head.",
      of: ["⚗ distillation head", "⚗ class head"],
      says: { kind: "more", effect: 0.1 },
    },
    {
      text: "A second class token without a teacher does not help.",
      of: ["two class tokens", "no distillation"],
      says: { kind: "equal", within: 0.5 },
    },
  ],
  settings: {
    digits: {
      recipe: "digits",
      seeds: 10,
      deviation: 1.2,
      because: "two models that disagree on 5 % of 360 images differ by chance by 1.2 points",
      minutes: 10,
    },
  },
};
