import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseNpz } from "../../src/io/numpy/npz.ts";
import { described, digestOf } from "../data/images/samples.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deitHere, jsonHere } from "./inProcess.ts";

const SOURCE = fileURLToPath(new URL("../../fixtures/preprocess/source/", import.meta.url));
const source = (name: string): string => join(SOURCE, name);

const expected = (name: string, size: number, convention: string): (typeof described.cases)[number] | undefined =>
  described.cases.find((c) => c.source === name && c.size === size && c.convention === convention);

/** The digests of the two arrays of a file that a command has written. */
function written(path: string, S: number): { readonly cropped: string; readonly normalised: string } {
  const arrays = parseNpz(readFileSync(path));
  expect([...arrays.keys()]).toEqual(["pixels", "tensor"]);
  const [pixels, tensor] = [arrays.get("pixels"), arrays.get("tensor")];
  if (pixels?.dtype !== "U8" || tensor?.dtype !== "F32") throw new Error("pixels must be U8, tensor F32");
  expect([pixels.shape, tensor.shape]).toEqual([[S, S, 3], [3, S, S]]); // prettier-ignore
  return { cropped: digestOf(pixels.data), normalised: digestOf(tensor.data) };
}

describe("deit preprocess", () => {
  it.each([
    ["landscape.jpg", 224, "deit", []],
    ["portrait.jpg", 64, "timm", ["--image-size", "64", "--convention", "timm"]],
    ["natural3.jpg", 112, "timm-384", ["--image-size", "112", "--convention", "timm-384"]],
    ["natural3.jpg", 80, "hf", ["--image-size", "80", "--convention", "hf"]],
  ] as const)("writes Pillow's pixels and torchvision's tensor of %s at %d by convention %s", async (name, S, convention, options) => {
    const out = join(temporaryFolder(), "out.npz");
    const { status, stdout, stderr } = await deitHere("preprocess", source(name), out, ...options);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^[^\n]+ pixels, resized to [^\n]+\n$/);
    expect(expected(name, S, convention)).toMatchObject(written(out, S));
  });

  it("prints the position of the crop as JSON", async () => {
    const out = join(temporaryFolder(), "out.npz");
    expect(await jsonHere("preprocess", source("landscape.jpg"), out)).toEqual({
      file: source("landscape.jpg"),
      out,
      size: [320, 240],
      resized: [341, 256],
      crop: [58, 16],
      imageSize: 224,
      convention: "deit",
    });
  });
});

describe("deit preprocess refuses", () => {
  const jpeg = readFileSync(source("gray.jpg"));
  it.each([
    ["a missing file", "nowhere.jpg", "out.npz", [], "no image IN: there is no such file"],
    ["a folder", ".", "out.npz", [], "IN is not a file; give a JPEG, PNG or WebP image"],
    ["text", "text.jpg", "out.npz", [], "IN: is not a JPEG, PNG or WebP image: it begins with the bytes 6e 6f 20 69 6d 61 67 65"],
    ["half an image", "half.jpg", "out.npz", [], "IN: is a JPEG image that cannot be decoded: "],
    ["an output of another format", "whole.jpg", "out.png", [], "OUT: the file to write must be called NAME.npz"],
    ["an output in a missing folder", "whole.jpg", "nowhere/out.npz", [], "OUT cannot be written: ENOENT"],
    [
      "an excessive image size",
      "whole.jpg",
      "out.npz",
      ["--image-size", "100000"],
      "preprocess: the image size must be an integer from 1 to 4096, got 100000",
    ],
    [
      "an unknown convention",
      "whole.jpg",
      "out.npz",
      ["--convention", "torch"],
      "option '--convention <name>' argument 'torch' is invalid. Allowed choices are deit, timm, timm-384, hf; see deit preprocess --help",
    ],
  ])("%s", async (_, image, out, options, line) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "whole.jpg"), jpeg);
    writeFileSync(join(folder, "half.jpg"), jpeg.subarray(0, 9000));
    writeFileSync(join(folder, "text.jpg"), "no image");
    const before = readdirSync(folder);
    const [from, to] = [join(folder, image), join(folder, out)];
    const { status, stdout, stderr } = await deitHere("preprocess", from, to, ...options);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    const wanted = `deit preprocess: ${line.replace("IN", from).replace("OUT", to)}`;
    expect(stderr.slice(0, wanted.length)).toBe(wanted);
    expect(readdirSync(folder)).toEqual(before);
  });
});
