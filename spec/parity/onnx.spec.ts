/** Models of full size as ONNX files, and recordings made from them: onnxruntime, PyTorch and this project agree. */
import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import type { Leaves } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { writeOnnx } from "../../src/io/onnx/write.ts";
import { deitConfig, type DeitConfig } from "../../src/model/config.ts";
import { judge } from "../../src/recording/judge.ts";
import { readRecording, type Recording } from "../../src/recording/format/read.ts";
import { computeRecording } from "../../src/recording/steps/compute.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { bytesOf, tensorOf } from "../helpers/fixtures.ts";
import { onnxRecording } from "../helpers/onnxRecording.ts";
import { onOnnxruntime, type RunOnnx } from "../helpers/onnxruntime.ts";
import { hashedImages, hashedWeights, small, tapsOf } from "../io/onnx/helpers.ts";

const [WEIGHTS, IMAGES] = [7, 8]; // the seeds of the recordings

const { bound } = tolerances.recording.f32;

/** The names of values whose error exceeds the bound of f32; every name of `expected` must occur. */
const offOf = (actual: Leaves, expected: Leaves): readonly string[] =>
  [...expected.keys()].filter((name) => !(gap(tensorOf(actual, name), tensorOf(expected, name)) <= bound));

const recordingOf = (config: DeitConfig, B: number, taps: Leaves): Recording =>
  readRecording(onnxRecording(config, { weights: WEIGHTS, images: IMAGES, batch: B }, taps));

const runHashed = (run: RunOnnx, config: DeitConfig, B: number, taps: boolean): Promise<Leaves> =>
  run(writeOnnx(hashedWeights(config, WEIGHTS), { taps }), hashedImages(config, B, IMAGES));

onOnnxruntime((run) => {
  it("DeiT-Ti⚗ with weights from a seed has PyTorch's taps", async () => {
    const { results } = readRecording(bytesOf("recordings/deit-ti-distilled-hash-f64.safetensors"));
    const expected = new Map(
      [...results.keys()].flatMap((name) =>
        name.startsWith("taps/") ? [[name.slice("taps/".length), tensorOf(results, name)] as const] : [],
      ),
    );
    expect(expected.has("logits")).toBe(true);
    expect(offOf(await runHashed(run, deitConfig("deit-tiny-distilled"), 1, true), expected)).toEqual([]);
  });

  it("DeiT-Ti⚗ at 384 pixels has the logits and heads of the WASM engine", async () => {
    const config = deitConfig("deit-tiny-distilled", { imageSize: 384 });
    const names = new Set(["logits", "head", "head_dist"]);
    const ours = await tapsOf(names, hashedWeights(config, WEIGHTS), hashedImages(config, 1, IMAGES), await wasmEngine());
    expect(new Set(ours.keys())).toEqual(names);
    expect(offOf(await runHashed(run, config, 1, false), ours)).toEqual([]);
  });

  onEachEngine((suite) => {
    describe.each([true, false])("a recording made from onnxruntime's taps (distilled: %s)", (distilled) => {
      const config = { ...small, distilled };

      it("holds in every tap", async () => {
        const { engine } = await suite.made;
        const recording = recordingOf(config, 2, await runHashed(run, config, 2, true));
        const computed = await computeRecording(engine, recording);
        const off = [...recording.results.keys()].filter((name) => {
          const { error, tolerance } = judge(recording, name, tensorOf(computed, name), engine.precision);
          return !(error <= tolerance.bound);
        });
        expect([recording.results.size > 0, off]).toEqual([true, []]);
      });
    });
  });
});
