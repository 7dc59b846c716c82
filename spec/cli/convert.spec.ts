import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { evaluateOne } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { huggingFaceNamed } from "../../src/io/weights/names.ts";
import { parseNpz } from "../../src/io/numpy/npz.ts";
import { numbersOf, parseSafetensors, writeSafetensors, type Safetensors } from "../../src/io/safetensors/safetensors.ts";
import { readWeights } from "../../src/io/weights/weights.ts";
import { positionResize } from "../../src/ops/positionResize.ts";
import { bytesOf, tensorOf } from "../helpers/fixtures.ts";
import { onOnnxruntime } from "../helpers/onnxruntime.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deitHere, jsonHere } from "./inProcess.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/names/${name}`, import.meta.url));
const expected = (name: string): Safetensors => parseSafetensors(bytesOf(`names/${name}.safetensors`));
const reads = (path: string): Safetensors => parseSafetensors(readFileSync(path));
const out = (name: string): string => join(temporaryFolder(), name);

/** Converts a fixture to a file of that name. Returns its path. */
async function converted(from: string, name: string, ...options: readonly string[]): Promise<string> {
  const path = out(name);
  const { status, stderr } = await deitHere("convert", fixture(from), path, ...options);
  if (status !== 0) throw new Error(stderr);
  return path;
}

describe("deit convert", () => {
  it.each([
    "tiny_distilled.pth",
    "tiny_distilled.torch17_cuda.pth",
    "tiny_distilled.legacy.pth",
    "tiny_distilled.hf_deit.safetensors",
    "tiny_distilled.timm.safetensors",
  ])("%s becomes bitwise identical tensors under timm's names, in timm's order", async (name) => {
    const { tensors } = reads(await converted(name, "o.safetensors"));
    expect(tensors).toEqual(expected("tiny_distilled.timm").tensors);
    expect([...tensors.keys()].slice(0, 4)).toEqual(["cls_token", "pos_embed", "dist_token", "patch_embed.proj.weight"]);
  });

  it.each([
    ["tiny_distilled.pth", "tiny_distilled.hf_deit"],
    ["tiny_plain.pth", "tiny_plain.hf_vit"],
    ["tiny_plain.hf_vit.safetensors", "tiny_plain.hf_vit"],
  ])("--names hf: %s becomes bitwise identical tensors under Hugging Face's names", async (name, same) => {
    expect(reads(await converted(name, "o.safetensors", "--names", "hf")).tensors).toEqual(expected(same).tensors);
  });

  it("writes the model into the metadata if the number of heads is known", async () => {
    const known = reads(await converted("tiny_plain.pth", "o.safetensors", "--heads", "3", "--names", "hf")).metadata;
    expect(JSON.parse(known.get("deit") ?? "")).toMatchObject({ model: { width: 24, depth: 2, heads: 3, imageSize: 16, classes: 7 } });
    expect(known.get("format")).toBe("pt");
    expect(reads(await converted("tiny_plain.pth", "o.safetensors")).metadata).toEqual(new Map());
  });

  it("converts the moving average of a training checkpoint with --ema, else its model", async () => {
    const { tensors } = expected("training_checkpoint.expected");
    const under = (prefix: string): unknown =>
      new Map([...tensors].flatMap(([name, t]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), t] as const] : [])));
    expect(parseNpz(readFileSync(await converted("training_checkpoint.pth", "o.npz", "--ema")))).toEqual(under("model_ema."));
    expect(parseNpz(readFileSync(await converted("training_checkpoint.pth", "o.npz")))).toEqual(under("model."));
  });

  it("keeps the names of tensors that are not a DeiT's", async () => {
    const file = reads(await converted("odd_tensors.legacy.pth", "o.safetensors"));
    expect(file.tensors).toEqual(expected("odd_tensors.expected").tensors);
  });

  it("--image-size resizes the position embedding, and nothing else", async () => {
    const [before, after] = [
      expected("tiny_distilled.timm").tensors,
      reads(await converted("tiny_distilled.pth", "o.safetensors", "--image-size", "24")).tensors,
    ];
    const [from, to] = [before.get("pos_embed"), after.get("pos_embed")];
    if (from === undefined || to === undefined) throw new Error("no pos_embed");
    const { data } = await evaluateOne(referenceEngine(), (k) => {
      const pos = k.upload(from.shape, numbersOf(from));
      return positionResize.forward(k, { pos }, { from: [4, 4], to: [6, 6], prefix: 2 }).out;
    });
    expect(to).toEqual({ dtype: "F32", shape: [1, 38, 24], data: Float32Array.from(data) });
    expect(new Map([...after, ["pos_embed", from]])).toEqual(before);
  });

  it("writes equal files each time, also by way of npz", async () => {
    const npz = await converted("tiny_distilled.pth", "o.npz");
    const back = out("o.safetensors");
    expect((await deitHere("convert", npz, back, "--heads", "3")).status).toBe(0);
    expect(readFileSync(back)).toEqual(
      readFileSync(await converted("tiny_distilled.hf_deit.safetensors", "o.safetensors", "--heads", "3")),
    );
  });

  it("prints what it has written as JSON", async () => {
    const path = out("o.safetensors");
    expect(await jsonHere("convert", fixture("tiny_plain.pth"), path, "--names", "hf", "--heads", "3")).toEqual({
      file: path,
      format: "safetensors",
      tensors: 40,
      names: "hf",
      bytes: readFileSync(path).length,
    });
  });

  it("accepts weights from a hash, and replaces an existing file", async () => {
    const path = out("o.safetensors");
    writeFileSync(path, "old");
    expect((await deitHere("convert", "hash:7", path, "--model", "deit-tiny")).status).toBe(0);
    expect(readWeights(readFileSync(path)).config).toMatchObject({ width: 192, heads: 3, distilled: false });
    expect(readdirSync(join(path, ".."))).toEqual(["o.safetensors"]);
  });
});

onOnnxruntime((run) => {
  it.each([
    ["tiny_distilled.pth", "distilled"],
    ["tiny_plain.hf_vit.safetensors", "plain"],
  ])("%s as .onnx has PyTorch's logits", async (name, kind) => {
    const tensors = expected("logits").tensors;
    const [x, logits] = [tensors.get("x"), tensors.get(`${kind}.eval.f32`)];
    if (x === undefined || logits === undefined) throw new Error("no logits");
    const taps = await run(readFileSync(await converted(name, "o.onnx", "--heads", "3")), { shape: x.shape, data: numbersOf(x) });
    const wanted = { shape: logits.shape, data: numbersOf(logits) };
    expect(gap(tensorOf(taps, "logits"), wanted)).toBeLessThanOrEqual(tolerances.recordedEndToEnd.f32.bound);
  });

  it("Hugging Face's class with one head becomes an .onnx file whose logits are those of the class head alone", async () => {
    const { tensors } = expected("logits");
    const [x, logits] = [tensors.get("x"), tensors.get("distilled.cls.f32")];
    if (x === undefined || logits === undefined) throw new Error("no logits");
    const oneHead = [...expected("tiny_distilled.timm").tensors].filter(([name]) => !name.startsWith("head_dist."));
    const path = out("one.safetensors");
    writeFileSync(path, writeSafetensors(huggingFaceNamed(new Map(oneHead))));
    const onnx = out("o.onnx");
    expect((await deitHere("convert", path, onnx, "--heads", "3")).status).toBe(0);
    const taps = await run(readFileSync(onnx), { shape: x.shape, data: numbersOf(x) });
    expect([...taps.keys()]).toEqual(["logits", "head"]);
    const wanted = { shape: logits.shape, data: numbersOf(logits) };
    expect(gap(tensorOf(taps, "logits"), wanted)).toBeLessThanOrEqual(tolerances.recordedEndToEnd.f32.bound);
  });
});

describe("deit convert refuses", () => {
  /** The one line of a command that must fail and write nothing. */
  async function refused(from: string, to: string, ...options: readonly string[]): Promise<string> {
    const folder = temporaryFolder();
    const { status, stdout, stderr } = await deitHere("convert", from, join(folder, to), ...options);
    expect({ status, stdout, written: readdirSync(folder) }).toEqual({ status: 2, stdout: "", written: [] });
    expect(stderr).toMatch(/^deit convert: [^\n]+\n$/);
    return stderr;
  }
  const tiny = fixture("tiny_distilled.pth");

  it.each(["malicious.pth", "malicious.legacy.pth"])("%s, with the opcode and the import", async (name) => {
    const folder = temporaryFolder();
    const { status, stdout, stderr } = await deitHere("convert", fixture(name), join(folder, "o.safetensors"));
    expect({ status, stdout, written: readdirSync(folder) }).toEqual({ status: 2, stdout: "", written: [] });
    expect(stderr).toMatch(/pth: byte \d+: .*opcode GLOBAL imports "posix\.system", which is not allowed/);
  });

  it.each<readonly [why: string, args: readonly [from: string, to: string, ...string[]], message: string]>([
    ["an ending that cannot be written", [tiny, "o.pth"], "o.pth: a file to be written must end in .safetensors, .npz, .onnx"],
    [
      "an ending that cannot be read",
      [fixture("README.md"), "o.npz"],
      "README.md: a file of tensors to be read must end in .safetensors, .npz,",
    ],
    ["a missing file", ["none.pth", "o.npz"], "no weights none.pth"],
    ["a missing folder", [tiny, "none/o.npz"], "none/o.npz: there is no folder "],
    ["unknown names", [tiny, "o.npz", "--names", "keras"], "argument 'keras' is invalid. Allowed choices are timm, hf"],
    ["Hugging Face's names in an .onnx file", [tiny, "o.onnx", "--names", "hf"], "leave --names out"],
    [
      "an image size that is not a multiple of the patch",
      [tiny, "o.npz", "--image-size", "18"],
      "imageSize must be a multiple of patchSize 4, got 18",
    ],
    ["heads that do not divide the width", [tiny, "o.npz", "--heads", "5"], "heads must divide width 24, got 5"],
    [
      "an .onnx file of a model with an unknown number of heads",
      [tiny, "o.onnx"],
      "width 24 is no multiple of 64: give the number of heads",
    ],
    [
      "a moving average that the file does not have",
      [tiny, "o.npz", "--ema"],
      'the file has no moving average, model_ema or state_dict_ema; it has "model"',
    ],
    [
      "a moving average of a file that is not a checkpoint",
      [fixture("tiny_plain.timm.safetensors"), "o.npz", "--ema"],
      "a moving average is in a run's folder or a training checkpoint (.pth), not in safetensors files",
    ],
    [
      "another image size for tensors that are not a DeiT's",
      [fixture("odd_tensors.pth"), "o.npz", "--image-size", "32"],
      "these tensors are not a DeiT's",
    ],
    [
      "an .onnx file of tensors that are not a DeiT's",
      [fixture("odd_tensors.pth"), "o.onnx"],
      "an .onnx file can hold a DeiT or a RegNetY; these tensors are neither",
    ],
  ])("%s", async (_, args, message) => {
    expect(await refused(...args)).toContain(message);
  });

  it("to overwrite the file that it reads, or a folder", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "w.safetensors");
    const bytes = bytesOf("names/tiny_plain.timm.safetensors");
    writeFileSync(path, bytes);
    mkdirSync(join(folder, "o.npz"));
    expect((await deitHere("convert", path, `${folder}/./w.safetensors`)).stderr).toContain(
      "it is the file that is read; give another name",
    );
    expect((await deitHere("convert", path, join(folder, "o.npz"))).stderr).toContain("is not a file that could be replaced");
    writeFileSync(join(folder, "weights.safetensors"), bytes);
    expect((await deitHere("convert", folder, join(folder, "weights.safetensors"))).stderr).toContain("it is the file that is read");
    expect([readFileSync(path).equals(bytes), existsSync(`${path}.partial`)]).toEqual([true, false]);
  });
});
