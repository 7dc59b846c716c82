/** Right recordings by another engine are found right: 220 random models (1000 in the long lane), losses and optimisers, computed in f64 and held to f32, and the other way round. */
import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { verify } from "../../src/recording/verify.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { drawnRecording } from "./drawn.ts";

const EACH = process.env["DEIT_LONG"] === undefined ? 110 : 500;
/** In ms. */
const UNHURRIED = 1_800_000;

/** One line for each recording that is found wrong. */
async function accusations(maker: Engine, verifier: Engine): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let i = 0; i < EACH; i++) {
    const recording = await drawnRecording(drawOf(fold(keyOf(11), i), "f32"), maker);
    const { first, tensors } = await verify(verifier, recording);
    expect(tensors.length).toBe(recording.results.size);
    if (first !== null) lines.push(`${i}: ${first.name}, error ${first.error}, tolerance ${first.tolerance.bound}`);
  }
  return lines;
}

describe(`${EACH} random recordings`, () => {
  it(
    "of the reference engine are accepted by the wasm engine",
    async () => expect(await accusations(referenceEngine(), await wasmEngine())).toEqual([]),
    UNHURRIED,
  );

  it(
    "of the wasm engine are accepted by the reference engine",
    async () => expect(await accusations(await wasmEngine(), referenceEngine())).toEqual([]),
    UNHURRIED,
  );
});
