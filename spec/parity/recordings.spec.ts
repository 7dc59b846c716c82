/** Forward values, gradients and optimiser steps of whole models against PyTorch (fixtures/recordings). */
import { beforeAll, describe, expect, it } from "vitest";
import type { Leaves } from "../../src/check/host.ts";
import { describe as sayHow } from "../../src/check/close.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { deitLogitsOf } from "../../src/model/deit.ts";
import { block } from "../../src/model/block.ts";
import { rematerialise } from "../../src/ops/rematerialise.ts";
import { judge } from "../../src/recording/judge.ts";
import { readRecording, type Recording } from "../../src/recording/read.ts";
import { computeRecording } from "../../src/recording/run.ts";
import { bytesOf, tensorOf } from "../helpers/fixtures.ts";

const recordingOf = (name: string): Recording => readRecording(bytesOf(`recordings/${name}.safetensors`));

/** Names of the results of one kind: `taps`, `loss`, `cotangents`, `grads`, `after`. */
const ofKind = ({ results }: Recording, kind: string): readonly string[] =>
  [...results.keys()].filter((name) => name.split("/")[0] === kind);

/** One line for each result that is further off than its tolerance allows. */
function offOf(recording: Recording, computed: Leaves, names: Iterable<string>): readonly string[] {
  return [...names].flatMap((name) => {
    const actual = tensorOf(computed, name);
    const { error, tolerance } = judge(recording, name, actual);
    return error <= tolerance.bound ? [] : [sayHow(name, actual, tensorOf(recording.results, name), tolerance.bound)];
  });
}

/** In ms: DeiT-Ti takes 8 s on the reference engine when nothing else runs. */
const UNHURRIED = 120_000;

describe.each([
  ["tiny-plain-f64", ["taps", "loss", "cotangents", "grads", "after"]],
  ["tiny-distilled-hard-f64", ["taps", "loss", "cotangents", "grads", "after"]],
  ["tiny-distilled-soft-f64", ["taps", "loss", "cotangents", "grads", "after"]],
  ["tiny-distilled-fused-f64", ["taps", "loss", "cotangents", "grads"]],
  ["tiny-plain-soft-class-mixed-f64", ["taps", "loss", "cotangents", "grads"]],
  ["odd-sizes-distilled-f64", ["taps", "loss", "cotangents", "grads"]],
  ["deit-ti-distilled-hash-f64", ["taps", "loss", "grads"]],
])("%s", (name, kinds) => {
  const recording = recordingOf(name);
  let computed: Leaves = new Map();
  beforeAll(async () => {
    computed = await computeRecording(referenceEngine(), recording);
  }, UNHURRIED);

  it("holds these kinds of results", () => {
    expect([...new Set([...recording.results.keys()].map((result) => result.split("/")[0]))]).toEqual(kinds);
  });

  it.each(kinds)("%s agree with PyTorch", (kind) => {
    expect(offOf(recording, computed, ofKind(recording, kind))).toEqual([]);
  });
});

it("a model whose blocks are rematerialised gives the same bits", async () => {
  const recording = recordingOf("tiny-distilled-hard-f64");
  const saved = await computeRecording(referenceEngine(), recording);
  const again = await computeRecording(referenceEngine(), recording, deitLogitsOf(rematerialise(block)));
  expect([...again.keys()].filter((name) => String(again.get(name)?.data) !== String(saved.get(name)?.data))).toEqual([]);
});

it("nothing stays alive on the engine after a recording was computed", async () => {
  const engine = referenceEngine();
  await computeRecording(engine, recordingOf("tiny-plain-f64"));
  expect(engine.memory().live).toBe(0);
});
