import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compare } from "../../src/check/close.ts";
import { hostArray } from "../../src/check/host.ts";
import { tolerances } from "../../src/check/tolerance.ts";
import { classNames } from "../../src/cli/inputs/classNames.ts";
import { textOf } from "../helpers/fixtures.ts";
import { deitHere } from "./inProcess.ts";

interface TimmSet {
  readonly model: string;
  readonly weights: string;
  readonly imageSize: number;
  readonly images: readonly {
    readonly name: string;
    readonly top5: readonly number[];
    readonly probabilities: readonly number[];
    readonly logits: readonly number[];
  }[];
}

interface Classes {
  readonly images: readonly {
    readonly file: string;
    readonly logits: readonly number[];
    readonly top5: readonly { readonly index: number; readonly label: string; readonly synset: string; readonly probability: number }[];
  }[];
}

const timm: { readonly sets: readonly TimmSet[] } = JSON.parse(textOf("classify/classify.json"));
const SOURCE = fileURLToPath(new URL("../../fixtures/preprocess/source/", import.meta.url));
const files = ["landscape.jpg", "portrait.jpg"].map((name) => join(SOURCE, name));
const weights = ["--weights", "hash:11", "--model", "deit-tiny-distilled"];
const { bound } = tolerances.parity.f32;

const apart = (actual: readonly number[], expected: readonly number[]): number =>
  compare(hostArray([actual.length], Float64Array.from(actual)), hostArray([expected.length], Float64Array.from(expected))).error;

describe("deit classify", () => {
  it.each(timm.sets)("gives timm's logits, classes and probabilities on Pillow's pixels: $model at $imageSize", async (set) => {
    const paths = set.images.map(({ name }) => join(SOURCE, name));
    const size = ["--image-size", String(set.imageSize)];
    const { stdout } = await deitHere("classify", ...paths, "--weights", set.weights, "--model", set.model, ...size, "--json");
    const { images }: Classes = JSON.parse(stdout);
    expect(images.map(({ file }) => file)).toEqual(paths);
    for (const [i, { logits, top5 }] of images.entries()) {
      const wanted = set.images[i];
      expect(apart(logits, wanted?.logits ?? [])).toBeLessThan(bound);
      expect(top5.map(({ index }) => index)).toEqual(wanted?.top5);
      expect(apart(top5.map(({ probability }) => probability), wanted?.probabilities ?? [])).toBeLessThan(bound); // prettier-ignore
    }
  });

  it("prints the five most probable classes of ImageNet", async () => {
    const { status, stdout, stderr } = await deitHere("classify", join(SOURCE, "portrait.jpg"), ...weights);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ +\d+\.\d\d % +\d+ {2}\S.* +n\d{8}$/);
  });
});

describe("classNames", () => {
  it("are ImageNet's for 1000 unnamed classes", () => {
    const names = classNames(null, 1000);
    expect([names.length, names[0], names[999]]).toEqual([
      1000,
      { synset: "n01440764", label: "tench" },
      { synset: "n15075141", label: "toilet tissue" },
    ]);
    expect(new Set(names.map(({ label }) => label)).size).toBe(1000);
    const synsets = names.map(({ synset }) => synset ?? "");
    expect(synsets.every((synset, i) => i === 0 || synset > (synsets[i - 1] ?? ""))).toBe(true);
  });

  it("are those of the weights, with ImageNet's label for a synset; else numbers", () => {
    expect(classNames(["cat", "n01440764"], 2)).toEqual([{ label: "cat" }, { synset: "n01440764", label: "tench" }]);
    expect(classNames(null, 2)).toEqual([{ label: "0" }, { label: "1" }]);
  });
});

describe("deit classify refuses", () => {
  it.each([
    [
      "a missing file, before it classifies the others",
      [...files, "nowhere.jpg", ...weights],
      "no image nowhere.jpg: there is no such file",
    ],
    ["to run without weights", files, "required option '--weights <weights>' not specified; see deit classify --help"],
    [
      "an image size that is not a multiple of the patch",
      [...files, ...weights, "--image-size", "100"],
      "--image-size must be a multiple of the patch, 16: got 100; 112 would be right",
    ],
  ])("%s", async (_, args, line) => {
    const { status, stdout, stderr } = await deitHere("classify", ...args);
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: "", stderr: `deit classify: ${line}\n` });
  });
});
