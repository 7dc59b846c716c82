/** What fixtures/record.py makes of PyTorch modules that know nothing of the format: right ones are found right, a mistake is found and named. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { readRecording } from "../../src/recording/format/read.ts";
import { verify, type Verification } from "../../src/recording/verify.ts";
import { wasmEngine } from "../../src/wasm.ts";
import { inEachPrecision } from "../helpers/engines.ts";
import { bytesOf } from "../helpers/fixtures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { fixture, python, skipWithoutTorch } from "./recordPy.ts";

/** The first wrong tensor and the variant that explains it, or null. */
const verdictOf = ({ first, findings }: Verification): readonly unknown[] => [first?.name ?? null, findings?.explanation?.variant ?? null];

describe("modules of PyTorch", () => {
  inEachPrecision(({ made }) => {
    it.each([
      ["timm-f64", null, null],
      ["hf-f32", null, null],
      ["hf-plain-f64", null, null],
      ["mine-f64", null, null],
      ["mine-tanh-f64", "taps/blocks.0.mlp.gelu", "gelu-tanh"],
      ["mine-loose-f32", "taps/blocks.0.norm1", "layernorm-eps-1e-5"],
      ["mine-unscaled-f64", "taps/head", "scale-missing"],
    ])("%s: the first wrong tensor is %s, because of %s", async (file, first, variant) => {
      const { engine } = await made;
      expect(verdictOf(await verify(engine, readRecording(bytesOf(`recorded/${file}.safetensors`))))).toEqual([first, variant]);
    });
  });
});

const DRAWN = 20;
const SEED = 7;
/** In milliseconds. */
const UNHURRIED = 120_000;

it("record.py refuses a module without a map in one line, and writes nothing", (context) => {
  skipWithoutTorch(context);
  const folder = temporaryFolder();
  const { status, stderr } = python("record.py", [join(folder, "own"), "--module", `${fixture("recorded/mine.py")}:build`]);
  expect([status, readdirSync(folder)]).toEqual([2, []]);
  expect(stderr).toBe("record: no weight for patch_embed.proj.weight; a map names the module's weights, and --draft-map drafts one\n");
});

it(
  `${DRAWN} random right recordings by record.py are accepted`,
  async (context) => {
    const folder = temporaryFolder();
    skipWithoutTorch(context);
    const { status, stderr } = python("recorded/drawn.py", [folder, `${DRAWN}`, `${SEED}`]);
    expect([status, stderr]).toEqual([0, ""]);
    const engines = [referenceEngine(), await wasmEngine()];
    for (let i = 0; i < DRAWN; i++) {
      const recording = readRecording(readFileSync(join(folder, `${i}.safetensors`)));
      for (const engine of engines)
        expect([i, engine.name, ...verdictOf(await verify(engine, recording))]).toEqual([i, engine.name, null, null]);
    }
  },
  UNHURRIED,
);
