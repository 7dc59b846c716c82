/** Forward values, gradients and optimiser steps of whole models against PyTorch (fixtures/recordings). */
import { beforeAll, describe, expect, it } from "vitest";
import type { Leaves } from "../../src/check/host.ts";
import { describe as sayHow } from "../../src/check/close.ts";
import type { Precision } from "../../src/kernels/engine.ts";
import { deitLogitsOf } from "../../src/model/deit.ts";
import { block } from "../../src/model/block.ts";
import { attention } from "../../src/ops/attention.ts";
import { rematerialise } from "../../src/ops/rematerialise.ts";
import { judge } from "../../src/recording/judge.ts";
import { readRecording, type Recording } from "../../src/recording/format/read.ts";
import { computeRecording, INSIDE_ATTENTION } from "../../src/recording/steps/compute.ts";
import { onEachEngineByLane } from "../helpers/engines.ts";
import { bytesOf, tensorOf } from "../helpers/fixtures.ts";

const recordingOf = (name: string): Recording => readRecording(bytesOf(`recordings/${name}.safetensors`));

/** The names of the results of one kind: `taps`, `loss`, `cotangents`, `grads`, `after`. */
const ofKind = ({ results }: Recording, kind: string): readonly string[] =>
  [...results.keys()].filter((name) => name.split("/")[0] === kind);

/** The recording with only the wanted results. */
const only = (recording: Recording, wanted: (name: string) => boolean): Recording => ({
  ...recording,
  results: new Map([...recording.results.keys()].filter(wanted).map((name) => [name, tensorOf(recording.results, name)])),
});

/** One line for each result whose error exceeds the tolerance of the precision. */
function offOf(recording: Recording, computed: Leaves, names: Iterable<string>, precision: Precision): readonly string[] {
  return [...names].flatMap((name) => {
    const actual = tensorOf(computed, name);
    const { error, tolerance } = judge(recording, name, actual, precision);
    return error <= tolerance.bound ? [] : [sayHow(name, actual, tensorOf(recording.results, name), tolerance.bound)];
  });
}

/** In ms: DeiT-Ti takes 8 s on the reference engine of an idle machine. */
const TIMEOUT = 120_000;

/** The recordings, with their kinds of results and whether the model is of full size. */
const recordings = [
  { name: "tiny-plain-f64", kinds: ["taps", "loss", "cotangents", "grads", "after"], large: false },
  { name: "tiny-distilled-hard-f64", kinds: ["taps", "loss", "cotangents", "grads", "after"], large: false },
  { name: "tiny-distilled-soft-f64", kinds: ["taps", "loss", "cotangents", "grads", "after"], large: false },
  { name: "tiny-distilled-fused-f64", kinds: ["taps", "loss", "cotangents", "grads"], large: false },
  { name: "tiny-plain-soft-class-mixed-f64", kinds: ["taps", "loss", "cotangents", "grads"], large: false },
  { name: "odd-sizes-distilled-f64", kinds: ["taps", "loss", "cotangents", "grads"], large: false },
  { name: "deit-ti-distilled-hash-f64", kinds: ["taps", "loss", "grads"], large: true },
];

it.each(recordings)("$name has these kinds of results", ({ name, kinds }) => {
  expect([...new Set([...recordingOf(name).results.keys()].map((result) => result.split("/")[0]))]).toEqual(kinds);
});

onEachEngineByLane(["single", "wasm (debug build)", "wasm (2 threads)", "wasm-fma", "webgpu"], (suite) => {
  describe.each(recordings.filter(({ large }) => suite.large || !large))("$name", ({ name, kinds }) => {
    const recording = recordingOf(name);
    let computed: Leaves = new Map();
    beforeAll(async () => {
      computed = await computeRecording((await suite.made).engine, recording);
    }, TIMEOUT);

    it.each(kinds)("%s agree with PyTorch", async (kind) => {
      const { precision } = (await suite.made).engine;
      expect(offOf(recording, computed, ofKind(recording, kind), precision)).toEqual([]);
    });
  });

  it.for(recordings.filter(({ large }) => suite.large || !large))(
    "$name agrees with PyTorch if attention is a fused kernel",
    async ({ name }, { skip }) => {
      const { engine } = await suite.made;
      skip(engine.kernels.scope.fused.get(attention) === undefined, "this engine has no fused kernel for attention");
      const recording = only(recordingOf(name), (result) => !INSIDE_ATTENTION.test(result));
      const computed = await computeRecording(engine, recording);
      expect(offOf(recording, computed, recording.results.keys(), engine.precision)).toEqual([]);
    },
  );

  it.runIf(suite.large)("DeiT-Ti⚗ with weights from a seed has PyTorch's logits to 1e-4, and its decisions", async () => {
    const logits = ["taps/head", "taps/head_dist", "taps/logits"];
    const recording = only(recordingOf("deit-ti-distilled-hash-f64"), (name) => logits.includes(name));
    const computed = await computeRecording((await suite.made).engine, recording);
    for (const name of logits) {
      const [actual, expected] = [tensorOf(computed, name).data, tensorOf(recording.results, name).data];
      expect(Math.max(...expected.map((x, i) => Math.abs(x - (actual[i] ?? NaN))))).toBeLessThan(1e-4);
      expect(actual.indexOf(Math.max(...actual))).toBe(expected.indexOf(Math.max(...expected)));
    }
  });

  it("a model whose blocks are rematerialised gives bitwise identical results", async () => {
    const [{ engine }, recording] = [await suite.made, recordingOf("tiny-distilled-hard-f64")];
    const saved = await computeRecording(engine, recording);
    const again = await computeRecording(engine, recording, deitLogitsOf(rematerialise(block)));
    expect([...again.keys()].filter((name) => String(again.get(name)?.data) !== String(saved.get(name)?.data))).toEqual([]);
  });

  it("no tensor stays alive on the engine after a recording was computed", async () => {
    const { engine } = await suite.made;
    const before = engine.memory().live;
    await computeRecording(engine, recordingOf("tiny-plain-f64"));
    expect(engine.memory().live).toBe(before);
  });
});
