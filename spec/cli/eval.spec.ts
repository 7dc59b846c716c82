import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openedWeights, weightedModel } from "../../src/cli/inputs/weights.ts";
import { numbersOf, writeSafetensors } from "../../src/io/safetensors/safetensors.ts";
import { readWeights, writeWeights } from "../../src/io/weights/weights.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import type { DeitParams } from "../../src/model/deit.ts";
import { buildParams, parameterShapes } from "../../src/model/params.ts";
import { checkImageFits } from "../../src/train/evaluation/evaluate.ts";
import { wasmEngine } from "../../src/wasm.ts";
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

describe("deit eval at several image sizes", () => {
  const SIZES = ["4", "6", "10"];

  it("gives for each size what it gives for that size alone", async () => {
    const expected: object[] = [];
    for (const size of SIZES) {
      const one = await jsonHere("eval", run, "synthetic:7", "--image-size", size);
      expected.push({ imageSize: Number(size), ...Object(one), imagesPerSecond: expect.any(Number) });
    }
    expect(await jsonHere("eval", run, "synthetic:7", "--image-size", SIZES.join())).toEqual({ sizes: expected });
  });

  it("generates weights from a hash for each size", async () => {
    const of = ["eval", "hash:3", "synthetic:2", "--model", "deit-tiny", "--image-size"];
    const both = await jsonHere(...of, "32,16");
    const { loss } = Object(await jsonHere(...of, "16"));
    expect(both).toMatchObject({ sizes: [{ imageSize: 32 }, { imageSize: 16, loss }] });
  });

  it("resizes images that are smaller, and keeps those whole that have the size already", async () => {
    const bytes = Uint8Array.from({ length: 4 * 3073 }, (_, i) => (i % 3073 === 0 ? (i / 3073) % 10 : (i * i) % 251));
    const set = join(folder, "cifar");
    mkdirSync(set, { recursive: true });
    writeFileSync(join(set, "test_batch.bin"), bytes);
    const model = { imageSize: 32, patchSize: 8, channels: 1, width: 8, depth: 1, heads: 2, mlpRatio: 2, classes: 10, distilled: false, layerNormEps: 1e-6, position: "learned" } as const; // prettier-ignore
    const path = join(folder, "colour.safetensors");
    const normal = (name: string, i: number): number => Math.sin(i + name.length);
    const tensors = new Map(
      [...parameterShapes(model)].map(([name, shape]) => {
        const data = Float32Array.from({ length: size(shape) }, (_, i) => normal(name, i));
        return [name, { dtype: "F32", shape, data }] as const;
      }),
    );
    writeFileSync(path, writeWeights({ config: model, classes: null, preprocessing: null, tensors }));
    const losses = async (...options: readonly string[]): Promise<readonly number[]> => {
      const found = await jsonHere("eval", path, `cifar10:${set}`, "--image-size", "32,48", ...options);
      return Object(found).sizes.map(({ loss }: { readonly loss: number }) => loss);
    };
    const [deit, whole] = [await losses(), await losses("--convention", "timm-384")];
    expect(deit[0]).toBe(whole[0]); // 32 × 32: neither resized nor cropped
    expect(deit[1]).not.toBe(whole[1]); // 48 × 48: the centre of 54 × 54, or all of 48 × 48
  });

  it("prints a table", async () => {
    const { status, stdout, stderr } = await deitHere("eval", run, "synthetic:7", "--image-size", "4,8");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const row = String.raw` +\d+\.\d\d % +\d+\.\d\d % +\d\.\d{4} +[\d.e+]+\n`;
    expect(stdout).toMatch(
      new RegExp(`^image size +top-1 +top-5 +loss +images/s\n +4${row} +8${row}on 7 images of synthetic:7 \\(head: mean\\)\n$`),
    );
  });
});

describe("deit eval --positions", () => {
  const METHODS = ["bicubic", "bilinear", "nearest", "bicubic-norm", "bilinear-norm"];
  const at = (sizes: string, ...options: readonly string[]): Promise<unknown> =>
    jsonHere("eval", run, "synthetic:7", "--image-size", sizes, ...options);

  it("resizes the position embedding by the method, and not that of the prefix tokens", async () => {
    const engine = referenceEngine();
    const positionsOf = async (options: Parameters<typeof weightedModel>[1]): Promise<ArrayLike<number>> => {
      const { pos_embed: pos } = weightedModel(run, options).upload(engine.kernels);
      if (pos === null) throw new Error("no positions");
      return engine.read(pos);
    };
    const [old, found] = [await positionsOf({}), await positionsOf({ imageSize: 8, positions: "bilinear" })];
    const [D, P] = [8, 2];
    const value = (of: ArrayLike<number>, token: number): number => of[token * D + 3] ?? NaN;
    expect([0, 1].map((token) => value(found, token))).toEqual([0, 1].map((token) => value(old, token)));
    const [a, b, c, d] = [0, 1, 2, 3].map((i) => value(old, P + i));
    expect(value(found, P)).toBe(a);
    expect(value(found, P + 1)).toBeCloseTo(0.75 * (a ?? NaN) + 0.25 * (b ?? NaN), 12);
    expect(value(found, P + 15)).toBe(d);
    expect(value(found, P + 12)).toBe(c);
  });

  it("is bicubic by default; each method gives a loss of its own at another size, and the same at the model's", async () => {
    const losses = new Set<unknown>();
    for (const method of METHODS) {
      const both = Object(await at("8,4", "--positions", method)).sizes;
      expect(both[0]).toMatchObject(Object(await at("8", "--positions", method)));
      expect(both[1]).toMatchObject(Object(await at("4")));
      losses.add(both[0].loss);
    }
    expect(losses.size).toBe(METHODS.length);
    expect(await at("8", "--positions", "bicubic")).toEqual(await at("8"));
  });

  it("is named in the text", async () => {
    for (const sizes of ["8", "4,8"]) {
      const { stdout } = await deitHere("eval", run, "synthetic:7", "--image-size", sizes, "--positions", "bilinear-norm");
      expect(stdout).toContain("on 7 images of synthetic:7 (head: mean, positions: bilinear-norm)\n");
    }
  });
});

describe("the moving average of a run", () => {
  const average = (): string => {
    const copy = join(folder, "averaged");
    cpSync(run, copy, { recursive: true });
    const { tensors, ...about } = readWeights(readFileSync(join(run, "weights.safetensors")));
    const halved = [...tensors].map(
      ([name, { shape, ...stored }]) =>
        [name, { dtype: "F32", shape, data: Float32Array.from(numbersOf({ shape, ...stored }), (x) => x / 2) }] as const,
    );
    writeFileSync(join(copy, "weights-ema.safetensors"), writeWeights({ ...about, tensors: new Map(halved) }));
    return copy;
  };

  it("is evaluated, inspected and converted with --ema", async () => {
    const copy = average();
    const own = join(copy, "weights-ema.safetensors");
    const [weights, averaged] = [await jsonHere("eval", copy, "synthetic:7"), await jsonHere("eval", copy, "synthetic:7", "--ema")];
    expect(averaged).toEqual(await jsonHere("eval", own, "synthetic:7"));
    expect(averaged).not.toEqual(weights);
    const out = join(folder, "average.safetensors");
    await jsonHere("convert", copy, out, "--ema");
    expect(readFileSync(out)).toEqual(readFileSync(own));
    const seen = async (...args: readonly string[]): Promise<unknown> =>
      Object(await jsonHere("inspect", ...args, "synthetic:7", "--out", join(folder, `seen${args.length}`))).decisions;
    expect(await seen(copy, "--ema")).toEqual(await seen(own));
  });

  it("is that of a training checkpoint (.pth)", async () => {
    const path = fileURLToPath(new URL("../../fixtures/names/training_checkpoint.pth", import.meta.url));
    const eachOf = async (...options: readonly string[]): Promise<unknown> =>
      jsonHere("eval", path, "synthetic:5", "--heads", "2", ...options);
    expect(await eachOf("--ema")).not.toEqual(await eachOf());
  });

  it("is refused where there is none", async () => {
    const without = join(folder, "without");
    cpSync(run, without, { recursive: true });
    rmSync(join(without, "weights-ema.safetensors"));
    const lines = [
      [
        [without],
        `${without} has no weights-ema.safetensors: its run kept no moving average, as it does with training.ema_decay = 0.99996`,
      ],
      [[folder], `${folder} has no weights.safetensors: its run is not finished`],
      [
        [join(run, "weights.safetensors")],
        "a moving average is in a run's folder or a training checkpoint (.pth), not in safetensors files",
      ],
      [["hash:1", "--model", "deit-tiny"], "--ema goes with a run's folder or a training checkpoint (.pth), not with hash:1"],
    ] as const;
    for (const [args, line] of lines)
      for (const command of ["eval", "inspect"]) {
        const [source, ...options] = args;
        const out = command === "eval" ? [] : ["--out", join(folder, "never")];
        const { status, stdout, stderr } = await deitHere(command, source, "synthetic:7", "--ema", ...options, ...out);
        expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
        expect(stderr).toMatch(new RegExp(`^deit ${command}: [^\n]+\n$`));
        expect(stderr).toContain(line);
      }
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

  it.each([
    ["4,7", "--image-size must be a multiple of the patch, 2: got 7; 8 would be right"],
    ["4,8,4", "argument '4,8,4' is invalid. It has 4 twice"],
    ["4,", "argument '4,' is invalid. It must be one size, or several with commas between them, such as 160,224,288"],
    ["4;8", "argument '4;8' is invalid. It must be one size, or several with commas between them"],
    ["0", "argument '0' is invalid. It must be an integer of at least 1"],
    ["4,4098", "argument '4,4098' is invalid. It must be at most 4096"],
  ])("the image sizes %s", async (sizes, line) => {
    expect(await refused(run, "synthetic:7", "--image-size", sizes)).toContain(line);
  });

  it("a size at which the engine has no room for one image, before it evaluates the others", async () => {
    const engine = await wasmEngine();
    const opened = openedWeights("hash:1", { model: "deit-tiny" });
    const [large, small] = [opened(4096), opened(32)];
    const config = { ...large.config, patchSize: 4 };
    const params = (k: Kernels): DeitParams => buildParams(config, (_, shape) => k.zeros(shape));
    expect(() => checkImageFits(engine, config, params)).toThrow(/^wasm: an image of 4096×4096 needs [\d.]+ MB of at most [\d.]+ MB$/);
    expect(() => checkImageFits(engine, small.config, small.upload)).not.toThrow();
  });

  it("a size that the data set cannot have, before it evaluates the others", async () => {
    const digits = ["hash:1", "digits", "--model", "deit-tiny"];
    expect(await refused(...digits)).toContain("data: digits has 10 classes, the model has 1000");
    const { tensors, ...about } = readWeights(readFileSync(join(run, "weights.safetensors")));
    const path = join(folder, "ten.safetensors");
    const shapes = parameterShapes({ ...about.config, classes: 10 });
    const ten = [...tensors].map(([name, stored]) => {
      const shape = shapes.get(name) ?? stored.shape;
      const data = Float32Array.from({ length: size(shape) }, () => 1);
      return [name, { dtype: "F32", shape, data }] as const;
    });
    writeFileSync(
      path,
      writeWeights({ config: { ...about.config, classes: 10 }, classes: null, preprocessing: null, tensors: new Map(ten) }),
    );
    expect(await refused(path, "digits", "--image-size", "8,10")).toContain("digits: the image size must be a multiple of 8, got 10");
  });

  it.each([
    [
      "a method that it does not know",
      ["--image-size", "8", "--positions", "cubic"],
      "option '--positions <method>' argument 'cubic' is invalid. Allowed choices are bicubic, bilinear, nearest, bicubic-norm, bilinear-norm",
    ],
    ["--positions without --image-size", ["--positions", "nearest"], "--positions nearest goes with --image-size: at the model's own size"],
  ])("%s", async (_, options, line) => {
    expect(await refused(run, "synthetic:7", ...options)).toContain(line);
  });

  it("--positions for positions that are not resized: those of a hash, and fixed ones", async () => {
    const options = ["--image-size", "16", "--positions", "bilinear"];
    expect(await refused("hash:1", "synthetic:1", "--model", "deit-tiny", ...options)).toContain(
      "--positions bilinear goes with a run's folder or a file; hash:1 generates the positions of each size",
    );
    const { tensors, ...about } = readWeights(readFileSync(join(run, "weights.safetensors")));
    const path = join(folder, "fixed.safetensors");
    const learned = new Map([...tensors].filter(([name]) => name !== "pos_embed"));
    writeFileSync(path, writeWeights({ ...about, config: { ...about.config, position: "fixed" }, tensors: learned }));
    expect(await refused(path, "synthetic:1", ...options)).toContain(
      "--positions bilinear: the positions of this model are fixed, and computed for each size instead of resized",
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
