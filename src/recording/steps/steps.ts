/**
 * The network and its loss as a list of steps, each of which computes one tap (a named intermediate value) from earlier taps and from weights (recording
 * format, section 3). A step and its VJP can run alone, from any values of what the step reads; so a recording can be judged step by step.
 */
import type { Kernels } from "../../kernels/kernels.ts";
import { tokenCount } from "../../model/config.ts";
import { parameterShapes } from "../../model/params.ts";
import { objective, type LossAndCotangents } from "../../train/step/objective.ts";
import { lossInputsOf, multiplierOf } from "./networkInputs.ts";
import type { Recording } from "../format/read.ts";
import * as ops from "./stepOps.ts";
import { nth, type StepInputs, type StepOp } from "./stepOps.ts";

/** A step with the names of what it reads and computes. */
export interface Step extends StepOp {
  /** What it computes: a tap's name, or `loss`. */
  readonly tap: string;
  /** Names of taps, or `images`. */
  readonly reads: readonly string[];
  /** Names of parameters, weight before bias. */
  readonly weights: readonly string[];
  /** Names in a file of other tensors that it needs: labels, the teacher's logits, drop-path multipliers. */
  readonly given: readonly string[];
}

/** Which formula a step is, the same in every block: `attn.scores`, `norm1`; `block` for the output of a block. */
export const kindOf = (tap: string): string => tap.replace(/^blocks\.\d+$/, "block").replace(/^blocks\.\d+\./, "");

/** `blocks.1` for any tap in that block; "" outside the blocks. */
export const blockOf = (tap: string): string => /^blocks\.\d+/.exec(tap)?.[0] ?? "";

/** The loss as a step that reads the logits of one head or of both; its own cotangent is 1. */
function lossOp(recording: Recording): StepOp {
  const run = (k: Kernels, { taps }: StepInputs): LossAndCotangents => {
    const lossInputs = lossInputsOf(k, recording);
    if (lossInputs === null) throw new RangeError("this recording has no loss");
    return objective(k, { head: nth(taps, 0), head_dist: taps[1] ?? null }, lossInputs.targets, lossInputs.distillation);
  };
  return {
    forward: (k, inputs) => run(k, inputs).loss,
    vjp: (k, inputs) => {
      const { head, head_dist } = run(k, inputs).dLogits;
      return { taps: head_dist === null ? [head] : [head, head_dist], weights: [] };
    },
  };
}

/** The taps that the loss reads: both heads with a teacher, else the fused logits; a plain model has only one head. */
function lossReads({ configuration: { model, loss } }: Recording): readonly string[] {
  if (!model.distilled) return ["head"];
  return loss?.distillation === null ? ["logits"] : ["head", "head_dist"];
}

const step = (
  tap: string,
  reads: readonly string[],
  op: StepOp,
  { weights = [], given = [] }: { readonly weights?: readonly string[]; readonly given?: readonly string[] } = {},
): Step => ({ tap, reads, weights, given, ...op });

const both = (name: string): { readonly weights: readonly string[] } => ({ weights: [`${name}.weight`, `${name}.bias`] });

function blockSteps(recording: Recording, i: number, x: string): readonly Step[] {
  const { heads, layerNormEps: eps } = recording.configuration.model;
  const b = `blocks.${i}`;
  const add = (tap: string, from: string, branch: string): Step =>
    step(
      tap,
      [from, branch],
      ops.residualOp((k) => multiplierOf(k, recording, branch)),
      { given: [`dropPath/${branch}`] },
    );
  return [
    step(`${b}.norm1`, [x], ops.normOp(eps), both(`${b}.norm1`)), //                                  (E4)
    step(`${b}.attn.qkv`, [`${b}.norm1`], ops.projectOp, both(`${b}.attn.qkv`)), //                   (E5)
    step(`${b}.attn.scores`, [`${b}.attn.qkv`], ops.scoresOp(heads)), //                              (E6) (E7)
    step(`${b}.attn.probs`, [`${b}.attn.scores`], ops.softmaxOp),
    step(`${b}.attn.context`, [`${b}.attn.probs`, `${b}.attn.qkv`], ops.contextOp(heads)),
    step(`${b}.attn`, [`${b}.attn.context`], ops.projectOp, both(`${b}.attn.proj`)), //               (E8)
    add(`${b}.mid`, x, `${b}.attn`), //                                          (E11)
    step(`${b}.norm2`, [`${b}.mid`], ops.normOp(eps), both(`${b}.norm2`)),
    step(`${b}.mlp.fc1`, [`${b}.norm2`], ops.projectOp, both(`${b}.mlp.fc1`)), //                     (E10)
    step(`${b}.mlp.gelu`, [`${b}.mlp.fc1`], ops.geluOp), //                                           (E9)
    step(`${b}.mlp`, [`${b}.mlp.gelu`], ops.projectOp, both(`${b}.mlp.fc2`)),
    add(b, `${b}.mid`, `${b}.mlp`), //                                            (E12)
  ];
}

/** All steps in forward order; the loss, if there is one, is the last. */
export function stepsOf(recording: Recording): readonly Step[] {
  const { model, loss } = recording.configuration;
  const { distilled, depth, patchSize, layerNormEps: eps } = model;
  const T = tokenCount(model);
  const tokens = [...parameterShapes(model).keys()].filter((name) => ["cls_token", "pos_embed", "dist_token"].includes(name));
  const before = (i: number): string => (i === 0 ? "embed" : `blocks.${i - 1}`);
  return [
    step("patch_embed", ["images"], ops.patchOp(patchSize), both("patch_embed.proj")), //             (E1)
    step("embed", ["patch_embed"], ops.embedOp, { weights: tokens }), //                                           (E2) (E3)
    ...Array.from({ length: depth }, (_, i) => blockSteps(recording, i, before(i))).flat(),
    step("norm", [before(depth)], ops.normOp(eps), both("norm")), //                                  (E13)
    step("head", ["norm"], ops.headOp(0, T), both("head")), //                                        (E14)
    ...(distilled ? [step("head_dist", ["norm"], ops.headOp(1, T), both("head_dist"))] : []), //      (E15)
    step("logits", distilled ? ["head", "head_dist"] : ["head"], ops.fuseOp), //                      (E27)
    ...(loss === null ? [] : [step("loss", lossReads(recording), lossOp(recording), { given: ["labels", "distribution", "teacher"] })]),
  ];
}
