import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compare } from "../../src/check/close.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { pictureOf } from "../../src/recording/picture.ts";
import { readRecording, type Recording } from "../../src/recording/format/read.ts";
import { computeRecording } from "../../src/recording/steps/compute.ts";
import { tensorSpecsOf } from "../../src/recording/format/tensorSpecs.ts";
import { verify } from "../../src/recording/verify.ts";

const fixture = (path: string): Recording => readRecording(readFileSync(new URL(`../../fixtures/${path}.safetensors`, import.meta.url)));

describe("the picture of a verification", () => {
  it("has every tensor that the configuration allows, once", async () => {
    const recording = fixture("planted/decay-on-everything.hash-hard-f64.optimizer");
    const picture = await pictureOf(referenceEngine(), recording, await verify(referenceEngine(), recording));
    const slots = [...tensorSpecsOf(recording.configuration, recording.batch)].filter(([, { role }]) => role === "result");
    expect(picture.tensors.map(({ name }) => name).toSorted()).toEqual(slots.map(([name]) => name).toSorted());
    expect(
      picture.tensors
        .filter(({ recorded }) => recorded)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([...recording.results.keys()].toSorted());
  });

  it("keeps each verdict, and judges everything end to end", async () => {
    const recording = fixture("recorded/mine-tanh-f64");
    const engine = referenceEngine();
    const verification = await verify(engine, recording);
    const { tensors, bothWays } = await pictureOf(engine, recording, verification);
    expect(bothWays).toBe(true);
    const computed = await computeRecording(engine, recording);
    for (const verdict of verification.tensors) {
      const tensor = tensors.find(({ name }) => name === verdict.name);
      expect(verdict.local ? tensor?.local : tensor?.endToEnd).toEqual(verdict);
      const [held, own] = [recording.results.get(verdict.name), computed.get(verdict.name)];
      if (held === undefined || own === undefined) throw new Error(`nothing computes ${verdict.name}`);
      expect([verdict.name, tensor?.endToEnd?.error]).toEqual([verdict.name, compare(held, own).error]);
    }
  });

  it.each(["recordings/tiny-plain-soft-class-mixed-f64", "recordings/odd-sizes-distilled-f64", "recorded/hf-f32", "recorded/timm-f64"])(
    "finds nothing wrong in a right recording, in either way: %s",
    async (path) => {
      const recording = fixture(path);
      for (const engine of [referenceEngine(), await wasmEngine()]) {
        const verification = await verify(engine, recording);
        const { tensors, wrongTensors: specimens } = await pictureOf(engine, recording, verification);
        expect(verification.match).toBe(true);
        expect(tensors.filter(({ local, endToEnd }) => local?.ok === false || endToEnd?.ok === false)).toEqual([]);
        expect(specimens).toEqual([]);
      }
    },
  );

  it.each([
    "planted/gelu-tanh.hash-hard-f64.everywhere",
    "planted/scale-missing-in-vjp.hash-hard-f64.everywhere",
    "planted/adamw-l2.hash-hard-f64.optimizer",
  ])("has the numbers that the first verdict was made from: %s", async (path) => {
    const recording = fixture(path);
    const verification = await verify(referenceEngine(), recording);
    const [specimen] = (await pictureOf(referenceEngine(), recording, verification)).wrongTensors;
    if (specimen === undefined) throw new Error("no specimen");
    expect(specimen.verdict).toEqual(verification.first);
    const { error, worst } = compare(specimen.recorded, specimen.right);
    expect({ error, worst }).toEqual({ error: verification.first?.error, worst: verification.first?.worst });
  });
});
