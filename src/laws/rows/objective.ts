/** Each kind of loss in a recipe, for plain and for distilled models: the loss and the cotangents of both heads. */
import type { Draw } from "../../check/draw.ts";
import { upload, type Host, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Logits } from "../../model/heads.ts";
import { objective, type Distillation, type LossAndCotangents, type Targets } from "../../train/step/objective.ts";
import { anySize, drawDirection, lossSizes, moderate, share, temperature } from "../cases/calls/losses.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import * as loops from "../loops/losses.ts";
import { crossEntropyVjp, vjpOfDirection } from "../loops/lossVjps.ts";
import { mapped, paired } from "../loops/rows.ts";

const add = (a: HostArray, b: HostArray): HostArray => paired(a, b, (x, y) => x + y);
const scaled = ({ shape, data }: HostArray, factor: number): HostArray => ({ shape, data: data.map((x) => x * factor) });

/** For each kind of loss, the weights of its terms, and whether they read the class head's or the distillation head's logits. */
function claims(draw: Draw): readonly Claim[] {
  const shape = lossSizes(draw);
  const direction = drawDirection(draw);
  const logitsOf = direction === "student-first" ? moderate : anySize; // the terms of (G7) cancel if logits are huge
  const [head, head_dist, teacher] = [logitsOf(draw, shape), logitsOf(draw, shape), logitsOf(draw, shape)];
  const [target, alpha, lambda, tau] = [draw.distribution(shape), share(draw), share(draw), temperature(draw)];
  const two = { head, head_dist };
  const plain = { head, head_dist: null };
  const zero = scaled(head, 0);
  const [divideBy, perClass] = draw.oneOf([
    ["batch", false],
    ["batch*classes", true],
  ] as const);

  const claim = (logits: Host<Logits>, distillation: Distillation, loss: number, dLogits: Host<LossAndCotangents["dLogits"]>): Claim => {
    const learnsFromTeacher = distillation.kind === "hard" || distillation.kind === "soft";
    const targets = { target, teacher: learnsFromTeacher ? teacher : null };
    const truth = learnsFromTeacher ? loops.scalar(loops.crossEntropy(head, target)) : null;
    return {
      actual: (k) => objective(k, upload<Logits>(k, logits), upload<Targets>(k, targets), distillation),
      expected: { loss: loops.scalar(loss), truth, dLogits },
    };
  };
  const truth = (z: HostArray, weight: number): HostArray => crossEntropyVjp(z, target, weight);
  const hard = (z: HostArray): HostArray => crossEntropyVjp(z, loops.decision(teacher), alpha);
  const soft = (z: HostArray): HostArray => vjpOfDirection[direction](z, teacher, tau, perClass, lambda);
  const hardLoss = (zd: HostArray): number => loops.hardDistillation([head, zd], target, teacher, alpha);
  const softLoss = (zd: HostArray): number => loops.softDistillation([head, zd], target, teacher, { lambda, tau, perClass, direction });

  const none: Distillation = { kind: "none" };
  const ofHard = (student: "class" | "distillation"): Distillation => ({ kind: "hard", alpha, student });
  const ofSoft = (student: "class" | "distillation"): Distillation => ({ kind: "soft", lambda, tau, divideBy, direction, student });
  const mean = mapped(scaled(add(head, head_dist), 0.5), draw.round); // as an engine rounds 10⁴ + 0.1
  const bothHalf = (loops.crossEntropy(head, target) + loops.crossEntropy(head_dist, target)) / 2;
  const hardOnOne = add(truth(head, 1 - alpha), hard(head));
  const softOnOne = add(truth(head, 1 - lambda), soft(head));
  return [
    claim(plain, none, loops.crossEntropy(head, target), { head: truth(head, 1), head_dist: null }),
    claim(two, none, loops.crossEntropy(mean, target), { head: truth(mean, 0.5), head_dist: truth(mean, 0.5) }),
    claim(two, { kind: "class-head" }, loops.crossEntropy(head, target), { head: truth(head, 1), head_dist: zero }),
    claim(plain, { kind: "class-head" }, loops.crossEntropy(head, target), { head: truth(head, 1), head_dist: null }),
    claim(two, { kind: "two-class-tokens" }, bothHalf, { head: truth(head, 0.5), head_dist: truth(head_dist, 0.5) }),
    claim(two, ofHard("distillation"), hardLoss(head_dist), { head: truth(head, 1 - alpha), head_dist: hard(head_dist) }),
    claim(two, ofHard("class"), hardLoss(head), { head: hardOnOne, head_dist: zero }),
    claim(plain, ofHard("class"), hardLoss(head), { head: hardOnOne, head_dist: null }),
    claim(two, ofSoft("distillation"), softLoss(head_dist), { head: truth(head, 1 - lambda), head_dist: soft(head_dist) }),
    claim(two, ofSoft("class"), softLoss(head), { head: softOnOne, head_dist: zero }),
    claim(plain, ofSoft("class"), softLoss(head), { head: softOnOne, head_dist: null }),
  ];
}

export const objectiveRow: Row = claimsRow(
  "identity/objective",
  "a recipe's loss and its cotangents, for each kind of distillation and model",
  claims,
);
