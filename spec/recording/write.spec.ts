import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import { hostArray } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { RecordingError } from "../../src/recording/format/fields.ts";
import { readRecording, type Arrays, type Recording } from "../../src/recording/format/read.ts";
import { saveRecording } from "../../src/recording/format/save.ts";
import { writeRecording } from "../../src/recording/format/write.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { bytesOf, tensorOf } from "../helpers/fixtures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { drawnRecording } from "./drawn.ts";
import { forwardOnly, labels, labelsLoss, recordingFile, zeros } from "./helpers.ts";

const RECORDINGS = 20;

/** Arrays as texts of their bytes, which compare fast. */
const texts = (arrays: Arrays): readonly unknown[] =>
  [...arrays.keys()].map((name) => {
    const { shape, data } = tensorOf(arrays, name);
    return [name, shape, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("latin1")];
  });

const comparable = (recording: Recording): unknown => ({ ...recording, given: texts(recording.given), results: texts(recording.results) });

describe("a recording that was written", () => {
  it("reads back unchanged, with its tensors in the same order", async () => {
    for (let i = 0; i < RECORDINGS; i++) {
      const recording = await drawnRecording(drawOf(fold(keyOf(5), i)), referenceEngine());
      expect(comparable(readRecording(writeRecording(recording)))).toEqual(comparable(recording));
    }
  });

  it.each(["recordings/tiny-distilled-hard-f64", "recordings/deit-ti-distilled-hash-f64", "planted/gelu-tanh.hash-hard-f64.everywhere"])(
    "%s of PyTorch reads back as it was",
    (name) => {
      const recording = readRecording(bytesOf(`${name}.safetensors`));
      expect(comparable(readRecording(writeRecording(recording)))).toEqual(comparable(recording));
    },
  );

  it("is saved with the same bytes, and leaves nothing behind if it cannot be written", async () => {
    const [recording, folder] = [readRecording(bytesOf("recordings/tiny-plain-f64.safetensors")), temporaryFolder()];
    await saveRecording(join(folder, "own"), recording);
    expect(Buffer.compare(readFileSync(join(folder, "own")), writeRecording(recording))).toBe(0);
    const wrong = { ...recording, results: new Map([...recording.results.keys()].map((name) => [name, hostArray([0], [])])) };
    await expect(saveRecording(join(folder, "wrong"), wrong)).rejects.toThrow(RecordingError);
    expect(readdirSync(folder)).toEqual(["own"]);
  });

  it("holds its rounded tensors in f32", () => {
    const recording: Recording = { ...readRecording(recordingFile(forwardOnly)), results: new Map([["taps/head", hostArray([2, 3], [0.1, 0, 0, 0, 0, 0])]]), rounded: new Set(["taps/head"]) }; // prettier-ignore
    const again = readRecording(writeRecording(recording));
    expect([again.results.get("taps/head")?.data[0], [...again.rounded]]).toEqual([Math.fround(0.1), ["taps/head"]]);
  });
});

describe("what could not be read back is not written", () => {
  const forward = readRecording(recordingFile({ ...forwardOnly, images: "stored" }, { images: zeros(2, 1, 4, 4) }));
  const trained = readRecording(recordingFile({ ...forwardOnly, loss: labelsLoss }, { labels: labels(0, 1) }));
  const withResult = (name: string, ...shape: readonly number[]): Recording => ({ ...forward, results: new Map([[name, hostArray(shape, new Float64Array(shape.reduce((a, b) => a * b, 1)))]]) }); // prettier-ignore
  const withModel = (change: object): Recording => ({ ...forward, configuration: { ...forward.configuration, model: { ...forward.configuration.model, ...change } } }); // prettier-ignore
  const withLabels = (...classes: readonly number[]): Recording => ({ ...trained, given: new Map([["labels", hostArray([2], classes)]]) });

  it.each<readonly [message: string, recording: Recording]>([
    ["tensor taps/head must be [2, 3], got [2, 4]", withResult("taps/head", 2, 4)],
    ["tensor taps/head_dist is not called for by the recording's JSON", withResult("taps/head_dist", 2, 3)],
    ["tensor images is among the results, where it does not belong", withResult("images", 2, 1, 4, 4)],
    ["tensor images is missing, though the recording's JSON calls for it", { ...forward, given: new Map() }],
    ["tensor labels must hold classes of 0 … 2, got 3", withLabels(0, 3)],
    ["tensor labels must hold class numbers, got 0.5", withLabels(0, 0.5)],
    ["images.batch must be the batch 3, got 2", { ...trained, batch: 3 }],
    ["model.depth must be ", withModel({ depth: 0 })],
    ["model.layerNormEps must be a number > 0, got null", withModel({ layerNormEps: NaN })],
    ['model.position must be "learned", the only kind that the format has, got "fixed"', withModel({ position: "fixed" })],
  ])("%s", (message, recording) => {
    expect(() => writeRecording(recording)).toThrow(RecordingError);
    expect(() => writeRecording(recording)).toThrow(`recording: ${message}`);
  });
});
