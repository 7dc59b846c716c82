/** The orders of the recording format, section 5, written out. */
import { describe, expect, it } from "vitest";
import { isLocal, updatedWeightNames, passReadings } from "../../src/recording/steps/readings.ts";
import { readRecording, type Recording } from "../../src/recording/format/read.ts";
import { forwardOnly, labels, labelsLoss, recordingFile, zeros } from "./helpers.ts";

const HARD = { kind: "hard", alpha: 0.5, student: "distillation" };

const recordingOf = (json: object, tensors: Parameters<typeof recordingFile>[1] = {}): Recording =>
  readRecording(recordingFile({ ...forwardOnly, ...json }, { "taps/embed": zeros(2, 5, 4), ...tensors }));

const distilled = { model: { ...forwardOnly.model, distilled: true } };
const namesOf = (recording: Recording): readonly string[] => passReadings(recording).map(({ name }) => name);
const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** The names of one block, with the prefixes of the format. */
const FORWARD = words(`
  taps/patch_embed taps/embed
  taps/blocks.0.norm1 taps/blocks.0.attn.qkv taps/blocks.0.attn.scores taps/blocks.0.attn.probs taps/blocks.0.attn.context
  taps/blocks.0.attn taps/blocks.0.mid taps/blocks.0.norm2 taps/blocks.0.mlp.fc1 taps/blocks.0.mlp.gelu taps/blocks.0.mlp taps/blocks.0
  taps/norm taps/head`);

const BACKWARD_FROM_NORM = words(`
  cotangents/blocks.0 grads/norm.weight grads/norm.bias
  cotangents/blocks.0.mlp
  cotangents/blocks.0.mlp.gelu grads/blocks.0.mlp.fc2.weight grads/blocks.0.mlp.fc2.bias
  cotangents/blocks.0.mlp.fc1
  cotangents/blocks.0.norm2 grads/blocks.0.mlp.fc1.weight grads/blocks.0.mlp.fc1.bias
  cotangents/blocks.0.mid grads/blocks.0.norm2.weight grads/blocks.0.norm2.bias
  cotangents/blocks.0.attn
  cotangents/blocks.0.attn.context grads/blocks.0.attn.proj.weight grads/blocks.0.attn.proj.bias
  cotangents/blocks.0.attn.probs
  cotangents/blocks.0.attn.scores
  cotangents/blocks.0.attn.qkv
  cotangents/blocks.0.norm1 grads/blocks.0.attn.qkv.weight grads/blocks.0.attn.qkv.bias
  cotangents/embed grads/blocks.0.norm1.weight grads/blocks.0.norm1.bias`);

const END = words("grads/images grads/patch_embed.proj.weight grads/patch_embed.proj.bias");

describe("the order of the readings", () => {
  it("is that of the taps in the forward pass", () => {
    expect(namesOf(recordingOf({}))).toEqual([...FORWARD, "taps/logits"]);
  });

  it("of the backward pass of a plain model starts at its head", () => {
    const recording = recordingOf({ loss: labelsLoss }, { labels: labels(0, 1) });
    expect(namesOf(recording)).toEqual([
      ...FORWARD,
      "taps/logits",
      "loss",
      "cotangents/head",
      ...words("cotangents/norm grads/head.weight grads/head.bias"),
      ...BACKWARD_FROM_NORM,
      ...words("cotangents/patch_embed grads/cls_token grads/pos_embed"),
      ...END,
    ]);
  });

  it("of the backward pass of a distilled model with a teacher starts at both heads, the distillation head first", () => {
    const loss = { ...labelsLoss, distillation: HARD };
    const recording = recordingOf({ ...distilled, loss }, { labels: labels(0, 1), teacher: zeros(2, 3), "taps/embed": zeros(2, 6, 4) });
    expect(namesOf(recording)).toEqual([
      ...FORWARD,
      ...words("taps/head_dist taps/logits loss cotangents/head_dist cotangents/head"),
      ...words("grads/head_dist.weight grads/head_dist.bias cotangents/norm grads/head.weight grads/head.bias"),
      ...BACKWARD_FROM_NORM,
      ...words("cotangents/patch_embed grads/cls_token grads/pos_embed grads/dist_token"),
      ...END,
    ]);
  });

  it("of the backward pass of a distilled model without a teacher starts at the fused logits", () => {
    const recording = recordingOf({ ...distilled, loss: labelsLoss }, { labels: labels(0, 1), "taps/embed": zeros(2, 6, 4) });
    const names = namesOf(recording);
    expect(names.slice(names.indexOf("loss"), names.indexOf("cotangents/norm"))).toEqual(
      words("loss cotangents/logits cotangents/head_dist cotangents/head grads/head_dist.weight grads/head_dist.bias"),
    );
  });

  it("of updated weights is by steps, and within a step that of the parameters", () => {
    const optimizer = { kind: "sgd", lr: [0.1, 0.1], momentum: 0.9, nesterov: true, weightDecay: 0, noDecay: "deit" };
    const later = updatedWeightNames(recordingOf({ loss: labelsLoss, optimizer }, { labels: labels(0, 1) }));
    expect(later.map((names) => names.length)).toEqual([20, 20]);
    expect(later[1]?.slice(0, 5)).toEqual(
      words(
        "after/2/cls_token after/2/pos_embed after/2/patch_embed.proj.weight after/2/patch_embed.proj.bias after/2/blocks.0.norm1.weight",
      ),
    );
  });
});

describe("what a reading is computed from", () => {
  const recording = recordingOf({ loss: labelsLoss }, { labels: labels(0, 1) });
  const startsOf = (name: string): readonly string[] => passReadings(recording).find((reading) => reading.name === name)?.results ?? [];

  it.each([
    ["taps/blocks.0.attn.context", "taps/blocks.0.attn.probs taps/blocks.0.attn.qkv"],
    ["taps/blocks.0.mid", "taps/embed taps/blocks.0.attn"],
    ["loss", "taps/head"],
    ["cotangents/blocks.0.attn.scores", "taps/blocks.0.attn.scores cotangents/blocks.0.attn.probs"],
    ["grads/blocks.0.mlp.fc2.weight", "taps/blocks.0.mlp.gelu cotangents/blocks.0.mlp"],
  ])("%s: %s", (name, starts) => expect(startsOf(name)).toEqual(words(starts)));

  it("is, for the cotangent of a tap with several readers, the cotangents of all of them", () => {
    expect(new Set(startsOf("cotangents/embed"))).toEqual(
      new Set(words("taps/embed taps/blocks.0.attn cotangents/blocks.0.norm1 cotangents/blocks.0.mid")),
    );
    expect(new Set(startsOf("cotangents/blocks.0.attn.qkv"))).toEqual(
      new Set(words("taps/blocks.0.attn.probs taps/blocks.0.attn.qkv cotangents/blocks.0.attn.scores cotangents/blocks.0.attn.context")),
    );
  });

  it("is the recording, if the file holds all of it", () => {
    const local = passReadings(recording).filter((reading) => isLocal(reading, recording));
    expect(local.map(({ name }) => name)).toEqual(words("taps/patch_embed taps/blocks.0.norm1"));
  });
});
