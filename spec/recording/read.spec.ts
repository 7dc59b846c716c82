import { describe, expect, it } from "vitest";
import { writeSafetensors, type Writable } from "../../src/io/safetensors/safetensors.ts";
import { RecordingError } from "../../src/recording/format/fields.ts";
import { readRecording } from "../../src/recording/format/read.ts";
import { forwardOnly, labels, labelsLoss, recordingFile, zeros } from "./helpers.ts";

type Tensors = Readonly<Record<string, Writable>>;

const model = (change: object): object => ({ ...forwardOnly, model: { ...forwardOnly.model, ...change } });
const loss = (change: object): object => ({ ...forwardOnly, loss: { ...labelsLoss, ...change } });
const soft = { kind: "soft", lambda: 0.1, tau: 3, divideBy: "batch", student: "class" };
const sgd = { kind: "sgd", lr: [0.1], momentum: 0.9, nesterov: true, weightDecay: 0, noDecay: "deit" };

const { producer: _producer, ...withoutProducer } = forwardOnly;

describe("a recording", () => {
  it("may hold any subset of the results", () => {
    const { results } = readRecording(recordingFile(forwardOnly, { "taps/norm": zeros(2, 5, 4), "taps/patch_embed": zeros(2, 4, 4) }));
    expect([...results.keys()]).toEqual(["taps/norm", "taps/patch_embed"]);
  });

  it("with a loss may hold cotangents, gradients and updated weights", () => {
    const results = { loss: zeros(), "cotangents/head": zeros(2, 3), "grads/images": zeros(2, 1, 4, 4), "after/1/head.bias": zeros(3) };
    const file = recordingFile({ ...loss({}), optimizer: sgd }, { labels: labels(0, 2), ...results });
    expect([...readRecording(file).results.keys()]).toEqual(Object.keys(results));
  });

  it("takes its batch from its images", () => {
    expect(readRecording(recordingFile({ ...forwardOnly, images: "stored" }, { images: zeros(3, 1, 4, 4) })).batch).toBe(3);
  });

  it("says which tensors were rounded to f32", () => {
    const head: Writable = { dtype: "F32", shape: [2, 3], data: new Float32Array(6) };
    expect([...readRecording(recordingFile(forwardOnly, { "taps/head": head, "taps/logits": zeros(2, 3) })).rounded]).toEqual([
      "taps/head",
    ]);
  });
});

describe("a file without the metadata of a recording is refused", () => {
  it.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ["no table", {}, "recording: __metadata__ must have format; this is no recording"],
    ["another format", { format: "pt" }, 'recording: __metadata__.format must be "deit-recording", got "pt"'],
    ["another version", { format: "deit-recording", version: "2" }, 'recording: __metadata__.version must be "1", got "2"'],
    ["no JSON", { format: "deit-recording", version: "1", recording: "{" }, "recording: its JSON cannot be read: "],
    ["a list", { format: "deit-recording", version: "1", recording: "[]" }, "recording: the recording's JSON must be an object, got []"],
  ])("%s", (_, metadata, message) => {
    const file = writeSafetensors(new Map(), new Map(Object.entries(metadata)));
    expect(() => readRecording(file)).toThrow(message);
  });
});

describe("a wrong field is named in the error", () => {
  it.each<readonly [message: string, json: object]>([
    ["producer must be a text, got nothing", withoutProducer],
    ["author is not known here; known are producer, dtype, ", { ...forwardOnly, author: "me" }],
    ['dtype must be "float64" or "float32", got "float16"', { ...forwardOnly, dtype: "float16" }],
    ["model must be an object, got null", { ...forwardOnly, model: null }],
    ["model.depth must be an integer of 1 … 1000, got 1.5", model({ depth: 1.5 })],
    ["model.depth must be an integer of 1 … 1000, got 1000000000", model({ depth: 1e9 })],
    ["tensor taps/patch_embed would be [2, 250000000000, 4], more than 2^32 numbers", model({ imageSize: 1e6 })],
    [`producer must be a text, got ["${"x".repeat(78)}…`, { ...forwardOnly, producer: ["x".repeat(1e6)] }],
    ["model.distilled must be true or false, got 1", model({ distilled: 1 })],
    ["model.imageSize must be a multiple of patchSize 3, got 4", model({ patchSize: 3 })],
    ["model.heads must divide width 4, got 3", model({ heads: 3 })],
    ["model.layerNormEps must be a number > 0, got 0", model({ layerNormEps: 0 })],
    ['weights must be an object, got "random"', { ...forwardOnly, weights: "random" }],
    ["weights.hash must be an integer of 0 … 2^32 - 1, got -1", { ...forwardOnly, weights: { hash: -1 } }],
    ["images.batch must be a positive integer, got 0", { ...forwardOnly, images: { hash: 1, batch: 0 } }],
    ['loss.target must be "labels" or "distribution", got "images"', loss({ target: "images" })],
    ["loss.smoothing must be in [0, 1), got 1", loss({ smoothing: 1 })],
    ["loss.smoothing is not known here", { ...forwardOnly, loss: { target: "distribution", smoothing: 0, distillation: null } }],
    ['loss.distillation.kind must be "hard" or "soft", got "none"', loss({ distillation: { kind: "none" } })],
    ["loss.distillation.tau must be a number > 0, got 0", loss({ distillation: { ...soft, tau: 0 } })],
    [
      'loss.distillation.student must be "class" for a model that is not distilled',
      loss({ distillation: { ...soft, student: "distillation" } }),
    ],
    ["optimizer must be null where loss is null", { ...forwardOnly, optimizer: sgd }],
    ['optimizer.lr[1] must be a number, got "1"', { ...loss({}), optimizer: { ...sgd, lr: [1, "1"] } }],
    ['optimizer.noDecay must be "deit" or "timm", got "none"', { ...loss({}), optimizer: { ...sgd, noDecay: "none" } }],
  ])("%s", (message, json) => {
    expect(() => readRecording(recordingFile(json))).toThrow(RecordingError);
    expect(() => readRecording(recordingFile(json))).toThrow(`recording: ${message}`);
  });
});

describe("a wrong tensor is named in the error", () => {
  const stored = { ...forwardOnly, images: "stored" };
  it.each<readonly [message: string, json: object, tensors: Tensors]>([
    ['tensor images is missing, though images is "stored"', stored, {}],
    ["tensor images must be [2, 1, 4, 4], got [2, 3, 4, 4]", stored, { images: zeros(2, 3, 4, 4) }],
    ["tensor images must be [B, C, S, S] with B ≥ 1, got []", stored, { images: zeros() }],
    ["tensor images is not called for by the recording's JSON", forwardOnly, { images: zeros(2, 1, 4, 4) }],
    ["tensor weights/cls_token is missing, though the recording's JSON calls for it", { ...forwardOnly, weights: "stored" }, {}],
    ["tensor weights/cls_token is not called for", forwardOnly, { "weights/cls_token": zeros(1, 1, 4) }],
    ["tensor dropPath/blocks.0.attn is missing", { ...forwardOnly, dropPath: true }, {}],
    ["tensor labels is missing", loss({}), {}],
    ["tensor labels must be of I64, got F64", loss({}), { labels: zeros(2) }],
    ["tensor labels must hold classes of 0 … 2, got 3", loss({}), { labels: labels(0, 3) }],
    ["tensor labels must be [2], got [1]", loss({}), { labels: labels(0) }],
    ["tensor teacher is missing", loss({ distillation: soft }), { labels: labels(0, 1) }],
    ["tensor teacher is not called for", loss({}), { labels: labels(0, 1), teacher: zeros(2, 3) }],
    ["tensor loss is not called for", forwardOnly, { loss: zeros() }],
    ["tensor taps/norm must be [2, 5, 4], got [2, 4, 4]", forwardOnly, { "taps/norm": zeros(2, 4, 4) }],
    [
      "tensor taps/norm must be of F64 or F32, got I64",
      forwardOnly,
      { "taps/norm": { dtype: "I64", shape: [2, 5, 4], data: new BigInt64Array(40) } },
    ],
    ["tensor taps/head_dist is not called for", forwardOnly, { "taps/head_dist": zeros(2, 3) }],
    ["tensor taps/blocks.1 is not called for", forwardOnly, { "taps/blocks.1": zeros(2, 5, 4) }],
    ["tensor cotangents/logits is not called for", loss({}), { labels: labels(0, 1), "cotangents/logits": zeros(2, 3) }],
    [
      "tensor after/2/head.bias is not called for",
      { ...loss({}), optimizer: sgd },
      { labels: labels(0, 1), "after/2/head.bias": zeros(3) },
    ],
  ])("%s", (message, json, tensors) => {
    expect(() => readRecording(recordingFile(json, tensors))).toThrow(RecordingError);
    expect(() => readRecording(recordingFile(json, tensors))).toThrow(`recording: ${message}`);
  });
});
