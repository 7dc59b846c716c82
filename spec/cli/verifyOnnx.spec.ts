/** Verifies recordings of this project's ONNX files, run by onnxruntime. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Leaves } from "../../src/check/host.ts";
import { writeOnnx } from "../../src/io/onnx/write.ts";
import { deitConfig } from "../../src/model/config.ts";
import { readRecording } from "../../src/recording/format/read.ts";
import { verify } from "../../src/recording/verify.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { tensorOf } from "../helpers/fixtures.ts";
import { onnxRecording } from "../helpers/onnxRecording.ts";
import { onOnnxruntime } from "../helpers/onnxruntime.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { hashedImages, hashedWeights, small } from "../io/onnx/helpers.ts";
import { deitHere } from "./inProcess.ts";

const hashes = { weights: 7, images: 8, batch: 2 };
const images = hashedImages(small, hashes.batch, hashes.images);

onOnnxruntime((run) => {
  const recorded = run(writeOnnx(hashedWeights(small, hashes.weights), { taps: true }), images).then((taps) => ({
    taps,
    file: onnxRecording(small, hashes, taps),
  }));

  onEachEngine((suite) => {
    it("a recording of every tap matches", async () => {
      const { engine } = await suite.made;
      const { taps, file } = await recorded;
      const { match, tensors } = await verify(engine, readRecording(file));
      expect([match, tensors.length, tensors.filter(({ ok }) => !ok)]).toEqual([true, taps.size, []]);
    });
  });

  it("finds a tap that was changed by a thousandth", async () => {
    const { taps } = await recorded;
    const { shape, data } = tensorOf(taps, "blocks.1.mlp.gelu");
    const wrong: Leaves = new Map([...taps, ["blocks.1.mlp.gelu", { shape, data: data.map((x) => 1.001 * x) }]]);
    const path = join(temporaryFolder(), "wrong.safetensors");
    writeFileSync(path, onnxRecording(small, hashes, wrong));
    const { status, stdout } = await deitHere("verify", path, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "mismatch", first: "taps/blocks.1.mlp.gelu" });
    expect(status).toBe(1);
  });

  it("deit convert writes DeiT-Ti⚗ as ONNX, and deit verify finds that its logits match", async () => {
    const folder = temporaryFolder();
    const [onnx, recording] = [join(folder, "tiny.onnx"), join(folder, "recording.safetensors")];
    const config = deitConfig("deit-tiny-distilled");
    expect((await deitHere("convert", "hash:7", onnx, "--model", "deit-tiny-distilled")).status).toBe(0);
    const taps = await run(readFileSync(onnx), hashedImages(config, 1, hashes.images));
    writeFileSync(recording, onnxRecording(config, { ...hashes, batch: 1 }, taps));
    const { status, stdout } = await deitHere("verify", recording, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ verdict: "match", tensors: [{}, {}, {}] });
    expect(status).toBe(0);
  });
});
