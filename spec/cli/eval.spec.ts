import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { weightedModel } from "../../src/cli/inputs/weights.ts";
import { writeSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { parameterShapes } from "../../src/model/params.ts";
import { size } from "../../src/tensor/tensor.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { resizeMatrix } from "../../src/ops/positionResize.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { bytesOf, textOf } from "../helpers/fixtures.ts";
import { deitHere, jsonHere } from "./inProcess.ts";
import { tinyRecipe } from "./tiny.ts";

/** A finished run, and the results that it printed. */
const folder: string = mkdtempSync(join(tmpdir(), "deit-"));
const run: string = join(folder, "run");
let student: unknown;

beforeAll(async () => {
  student = Reflect.get(Object(await jsonHere("train", tinyRecipe(folder), "--out", run)), "student");
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("deit eval", () => {
  it.each(["class", "distillation", "mean", "softmax-sum"])(
    "gives the results of the %s head that the run itself printed",
    async (head) => {
      expect(await jsonHere("eval", run, "synthetic:7", "--head", head)).toEqual(Reflect.get(Object(student), head));
    },
  );

  it("accepts the run's weights file, and evaluates the mean of the heads by default", async () => {
    expect(await jsonHere("eval", join(run, "weights.safetensors"), "synthetic:7")).toEqual(Reflect.get(Object(student), "mean"));
  });

  it("gives no disagreement for a plain model", async () => {
    const found = await jsonHere("eval", "hash:7", "synthetic:1", "--model", "deit-tiny");
    expect(found).toEqual({ top1: expect.any(Number), top5: expect.any(Number), loss: expect.any(Number), images: 1, disagreement: null });
  });

  it("agrees with timm's logits on photographs in folders named by synsets", async () => {
    const photographs = join(folder, "photographs");
    interface Classified {
      readonly sets: readonly { readonly images: readonly { readonly name: string; readonly logits: readonly number[] }[] }[];
    }
    const classified: Classified = JSON.parse(textOf("classify/classify.json"));
    const images = classified.sets[0]?.images ?? [];
    const nll = [["landscape.jpg", "n01735189", 57], ["portrait.jpg", "n02085936", 153]] as const; // prettier-ignore
    const losses = nll.map(([name, synset, label]) => {
      mkdirSync(join(photographs, synset), { recursive: true });
      writeFileSync(join(photographs, synset, name), bytesOf(`preprocess/source/${name}`));
      const logits = images.find((image) => image.name === name)?.logits ?? [];
      return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - (logits[label] ?? NaN);
    });
    const found = await jsonHere("eval", "hash:11", photographs, "--model", "deit-tiny-distilled");
    expect(found).toMatchObject({ images: 2, top1: 0, top5: 0 });
    const expected = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    expect(Math.abs(Number(Reflect.get(Object(found), "loss")) / expected - 1)).toBeLessThan(tolerances.parity.f32.bound);
  });

  it("prints the results as text", async () => {
    const { status, stdout, stderr } = await deitHere("eval", run, "synthetic:7", "--image-size", "8");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(
      /^top-1 \d+\.\d\d %, top-5 100\.00 %, loss \d\.\d{4} on 7 images of synthetic:7 \(head: mean\)\nthe two heads disagree/,
    );
  });

  it("resizes the position embedding for another image size, and nothing else", async () => {
    const engine = referenceEngine();
    const model = weightedModel(run, {});
    const resized = weightedModel(run, { imageSize: 8 });
    const [before, after] = [model.upload(engine.kernels), resized.upload(engine.kernels)];
    expect(resized.config).toEqual({ ...model.config, imageSize: 8 });
    expect(await engine.read(after.head.weight)).toEqual(await engine.read(before.head.weight));

    const { pos_embed: from } = before;
    const { pos_embed: to } = after;
    if (from === null || to === null) throw new Error("no positions");
    const [old, values] = [await engine.read(from), await engine.read(to)];
    const [D, R] = [8, resizeMatrix(2, 4)];
    const expected = (i: number, j: number, c: number): number => {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += (R[i * 2 + Math.floor(k / 2)] ?? 0) * (R[j * 2 + (k % 2)] ?? 0) * (old[(2 + k) * D + c] ?? 0);
      return sum;
    };
    expect([...values.subarray(0, 2 * D)]).toEqual([...old.subarray(0, 2 * D)]);
    for (let n = 0; n < 16; n++) expect(values[(2 + n) * D + 3]).toBeCloseTo(expected(Math.floor(n / 4), n % 4, 3), 12);
  });
});

describe("deit eval refuses", () => {
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await deitHere("eval", ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^deit eval: [^\n]+\n$/);
    return stderr;
  };

  it("a file that is not in the safetensors format", async () => {
    const path = join(folder, "broken.safetensors");
    writeFileSync(path, "nothing");
    expect(await refused(path, "digits")).toContain(`${path}: safetensors: byte 7: `);
  });

  it("a run that is not finished", async () => {
    expect(await refused(folder, "digits")).toContain(`${folder} has no weights.safetensors: its run is not finished`);
  });

  it("an image size that is not a multiple of the patch", async () => {
    expect(await refused(run, "synthetic:7", "--image-size", "7")).toContain(
      "--image-size must be a multiple of the patch, 2: got 7; 8 would be right",
    );
  });

  it("--model with a weights file, which determines its model", async () => {
    expect(await refused(run, "digits", "--model", "deit-tiny")).toContain("--model deit-tiny goes with hash:SEED");
  });

  it("weights from a hash for a model that is not a DeiT", async () => {
    expect(await refused("hash:1", "digits", "--model", "regnety-4gf")).toContain(
      "hash:1 generates the weights of a DeiT, not of regnety-4gf",
    );
  });
});

describe("deit eval of weights of DeiT III", () => {
  it("reports that the position embedding has no row for the class token, and that DeiT III is another network", async () => {
    const { config } = weightedModel("hash:1", { model: "deit-tiny", imageSize: 32 });
    const small = { ...config, width: 64, heads: 1, depth: 1, classes: 3 };
    const shapes = new Map([...parameterShapes(small), ["pos_embed", [1, 4, 64]], ["blocks.0.gamma_1", [64]], ["blocks.0.gamma_2", [64]]]);
    const path = join(folder, "deit_3.safetensors");
    const zeros = [...shapes].map(
      ([name, shape]) => [name, { dtype: "F32" as const, shape, data: new Float32Array(size(shape)) }] as const,
    );
    writeFileSync(path, writeSafetensors(new Map(zeros)));
    for (const line of [
      ["eval", path, "synthetic:3"],
      ["convert", path, join(folder, "out.npz")],
    ])
      // prettier-ignore
      expect(await deitHere(...line)).toMatchObject({
        status: 2,
        stdout: "",
        stderr: expect.stringMatching(
          /^deit \w+: \S+deit_3\.safetensors: weights: pos_embed has 4 rows, for 2 × 2 patches only and not for the class token, as in DeiT III, which is another network than DeiT and cannot be read here; in a DeiT 5 rows would be right, [^\n]+\n$/,
        ),
      });
  });
});
