import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { deitSettings } from "../../src/data/augment/settings.ts";
import { drawView, viewKey } from "../../src/data/augment/view.ts";
import { operate } from "../../src/data/augment/operations.ts";
import { decodeImage } from "../../src/data/images/decode.ts";
import { plainKernels } from "../../src/data/pixels/plain.ts";
import type { Pixels } from "../../src/data/pixels/pixels.ts";
import { parseNpz } from "../../src/io/numpy/npz.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { digestOf } from "../data/images/samples.ts";
import { textOf } from "../helpers/fixtures.ts";
import { pictureDifference } from "../helpers/pictures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deitHere, jsonHere } from "./inProcess.ts";

const SOURCE = fileURLToPath(new URL("../../fixtures/preprocess/source/", import.meta.url));
const photograph = join(SOURCE, "landscape.jpg");
const [WIDTH, HEIGHT] = [320, 240];

let image: Pixels;
beforeAll(async () => {
  image = await decodeImage(readFileSync(photograph));
});

const imageIn = (path: string): Promise<Pixels> => decodeImage(readFileSync(path));

/** The two arrays of an npz file, with their shapes. */
function arraysIn(path: string): { readonly shapes: readonly (readonly number[])[]; readonly pixels: string; readonly tensor: string } {
  const arrays = parseNpz(readFileSync(path));
  const [pixels, tensor] = [arrays.get("pixels"), arrays.get("tensor")];
  if (pixels?.dtype !== "U8" || tensor?.dtype !== "F32") throw new Error("pixels must be U8, tensor F32");
  return { shapes: [pixels.shape, tensor.shape], pixels: digestOf(pixels.data), tensor: digestOf(tensor.data) };
}

describe("deit augment --op", () => {
  it.each([
    ["Rotate", "9", ["--sign", "-1"], -1, -27],
    ["Rotate", "9", [], 1, 27],
    ["SolarizeAdd", "9.4", ["--sign", "-1"], 0, 103],
    ["PosterizeIncreasing", "10", [], 0, 0],
    ["Color", "3", [], 0, 0.64],
  ] as const)("applies %s at %s with the options %j", async (op, magnitude, options, sign, argument) => {
    const out = join(temporaryFolder(), "out.png");
    const printed = await jsonHere("augment", photograph, out, "--op", op, "--magnitude", magnitude, ...options);
    const draw = { op, magnitude: Number(magnitude), sign, applied: true };
    expect(printed).toEqual({ file: photograph, out, ...draw, argument, size: [WIDTH, HEIGHT] });
    expect(pictureDifference(await imageIn(out), operate(plainKernels, image, draw))).toBeNull();
  });

  it("leaves the image unchanged where the factor is 1", async () => {
    const out = join(temporaryFolder(), "out.png");
    for (const op of ["Brightness", "Color", "Contrast", "Sharpness"]) {
      await jsonHere("augment", photograph, out, "--op", op, "--magnitude", "5");
      expect(pictureDifference(await imageIn(out), image)).toBeNull();
    }
  });

  it("needs no magnitude where the operation takes none", async () => {
    const out = join(temporaryFolder(), "out.png");
    const { status, stdout } = await deitHere("augment", photograph, out, "--op", "Invert");
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${photograph}: Invert: ${out}\n` });
    expect((await imageIn(out)).data).toEqual(image.data.map((v) => 255 - v));
  });
});

interface Replay {
  readonly photograph: string;
  readonly draw: object;
  readonly pixels: string;
  readonly tensor: string;
}
const { draws: replays }: { readonly draws: readonly Replay[] } = JSON.parse(textOf("replay/source.json"));

describe("deit augment --draws", () => {
  it("writes timm's pixels and tensor for a draw of fixtures/replay", async () => {
    const folder = temporaryFolder();
    const [file, out] = [join(folder, "draw.json"), join(folder, "out.npz")];
    for (const { photograph: name, draw, pixels, tensor } of replays.slice(0, 3)) {
      writeFileSync(file, JSON.stringify(draw));
      await jsonHere("augment", join(SOURCE, name), out, "--draws", file);
      expect(arraysIn(out)).toEqual({ shapes: [[224, 224, 3], [3, 224, 224]], pixels, tensor }); // prettier-ignore
    }
  });

  it("has zeros where a crop of a small view extends beyond the image", async () => {
    const folder = temporaryFolder();
    const [file, out] = [join(folder, "draw.json"), join(folder, "out.png")];
    writeFileSync(file, JSON.stringify({ crop: { top: -4, left: WIDTH - 30, h: 32, w: 32 }, flip: false, ops: [], erasing: null }));
    expect(await deitHere("augment", photograph, out, "--draws", file, "--image-size", "32")).toMatchObject({ status: 0 });
    const { width, height, data } = await imageIn(out);
    expect([width, height, Math.max(...data.subarray(0, 4 * 32 * 3)), [...data.subarray(5 * 32 * 3 - 6, 5 * 32 * 3)]]).toEqual([
      32,
      32,
      0,
      [0, 0, 0, 0, 0, 0],
    ]);
    expect([...data.subarray(4 * 32 * 3, 4 * 32 * 3 + 3)]).toEqual([...image.data.subarray((WIDTH - 30) * 3, (WIDTH - 29) * 3)]);
  });
});

describe("deit augment --recipe", () => {
  it("draws as training would, and prints what --draws applies", async () => {
    const folder = temporaryFolder();
    const [file, drawn, replayed] = ["draw.json", "drawn.npz", "replayed.npz"].map((name) => join(folder, name));
    if (file === undefined || drawn === undefined || replayed === undefined) throw new Error("three paths");
    const draw = await jsonHere("augment", photograph, drawn, "--seed", "5", "--epoch", "2", "--sample", "7");
    const key = viewKey(fold(keyOf(5), "student"), 2, 7, 0);
    expect(draw).toEqual(drawView(key, { width: WIDTH, height: HEIGHT }, 224, deitSettings));
    writeFileSync(file, JSON.stringify(draw));
    await jsonHere("augment", photograph, replayed, "--draws", file);
    expect(readFileSync(replayed)).toEqual(readFileSync(drawn));
  });

  it("gives a recipe without colours its grey views", async () => {
    const out = join(temporaryFolder(), "out.npz");
    const draw = await jsonHere("augment", photograph, out, "--recipe", "digits", "--sample", "3");
    expect(draw).toMatchObject({ crop: { h: 16, w: 16 }, ops: [], erasing: null });
    expect(arraysIn(out).shapes).toEqual([[16, 16, 1], [1, 16, 16]]); // prettier-ignore
  });

  it("is replayed by --draws beside the same --recipe, in its size, channels and normalisation", async () => {
    const folder = temporaryFolder();
    const [file, drawn, replayed] = [join(folder, "draw.json"), join(folder, "drawn.npz"), join(folder, "replayed.npz")];
    writeFileSync(file, JSON.stringify(await jsonHere("augment", photograph, drawn, "--recipe", "digits", "--sample", "3")));
    const printed = await jsonHere("augment", photograph, replayed, "--draws", file, "--recipe", "digits");
    expect(printed).toEqual({ file: photograph, out: replayed, draws: file, imageSize: 16 });
    expect(readFileSync(replayed)).toEqual(readFileSync(drawn));
  });

  it("prints the draws of --count following samples", async () => {
    const three = await jsonHere("augment", photograph, "--count", "3", "--sample", "4");
    const size = { width: WIDTH, height: HEIGHT };
    const each = [4, 5, 6].map((sample) => drawView(viewKey(fold(keyOf(0), "student"), 0, sample, 0), size, 224, deitSettings));
    expect(three).toEqual({ draws: each });
  });
});

describe("deit augment's pictures", () => {
  it("are a page that needs no other file, or a sheet", async () => {
    const folder = temporaryFolder();
    const [page, sheet] = [join(folder, "page.html"), join(folder, "sheet.png")];
    expect(await deitHere("augment", photograph, page)).toMatchObject({ status: 0, stderr: "" });
    expect(await deitHere("augment", photograph, sheet)).toMatchObject({ status: 0, stderr: "" });
    const text = readFileSync(page, "utf8");
    for (const said of ["<h3>TranslateYRel</h3>", "M 10, −: −30", "DeiT-B", "landscape.jpg"]) expect(text).toContain(said);
    expect([...text.matchAll(/src="(?!data:)/g)]).toEqual([]);
    expect((await imageIn(sheet)).width).toBe(8 * 112 + 7 * 4);
  });
});

const draw = { crop: { top: 0, left: 0, h: 200, w: 200 }, flip: false, ops: [], erasing: null };
const op = { op: "Rotate", magnitude: 9, sign: 1, applied: true };

/** Files with wrong draws, each with the line that follows the file's name. */
const wrongDraws: readonly (readonly [what: string, draw: unknown, line: string])[] = [
  ["an unknown key", { ...draw, crops: 1 }, 'the draw has an unknown key "crops"; known: crop, flip, ops, erasing, rotation'],
  ["a missing key", { crop: draw.crop, flip: true, ops: [] }, "the draw has no erasing"],
  ["a list", [draw], "the draw must be an object with crop, flip, ops, erasing, rotation, got ["],
  [
    "a crop outside",
    { ...draw, crop: { top: 41, left: 0, h: 200, w: 200 } },
    "crop: 200×200 at (0, 41) must lie inside the image of 320×240",
  ],
  ["an empty crop", { ...draw, crop: { ...draw.crop, w: 0 } }, "crop.w must be an integer of at least 1, got 0"],
  ["half a pixel", { ...draw, crop: { ...draw.crop, top: 0.5 } }, "crop.top must be an integer, got 0.5"],
  ["a text for a flag", { ...draw, flip: "no" }, 'flip must be true or false, got "no"'],
  [
    "an unknown operation",
    { ...draw, ops: [op, { ...op, op: "Shearx" }] },
    'ops[1].op: there is no operation "Shearx"; did you mean ShearX?',
  ],
  ["a magnitude", { ...draw, ops: [{ ...op, magnitude: 10.1 }] }, "ops[0].magnitude must be a number from 0 to 10, got 10.1"],
  ["a sign", { ...draw, ops: [{ ...op, sign: 2 }] }, "ops[0].sign must be 1, -1 or 0, got 2"],
  ["a missing sign", { ...draw, ops: [{ ...op, sign: 0 }] }, "ops[0].sign must be 1 or -1 for Rotate, got 0"],
  ["operations that are no list", { ...draw, ops: op }, "ops must be a list, got {"],
  [
    "erasing outside",
    { ...draw, erasing: { top: 0, left: 200, h: 10, w: 30 } },
    "erasing: 30×10 at (200, 0) must lie inside the view of 224×224",
  ],
  ["a rotation", { ...draw, rotation: 200 }, "rotation must be a number from -180 to 180, got 200"],
];

/** What a command prints on stderr when it fails without writing anything. */
async function refusal(...args: readonly string[]): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "text.jpg"), "no image");
  writeFileSync(join(folder, "not.json"), "{");
  const before = readdirSync(folder);
  const { status, stdout, stderr } = await deitHere("augment", ...args.map((arg) => arg.replace("IN", folder)));
  expect({ status, stdout, files: readdirSync(folder) }).toEqual({ status: 2, stdout: "", files: before });
  return stderr;
}

describe("deit augment refuses", () => {
  it.each(wrongDraws)("draws with %s", async (_, value, line) => {
    const folder = temporaryFolder();
    const [file, out] = [join(folder, "draw.json"), join(folder, "out.npz")];
    writeFileSync(file, JSON.stringify(value));
    const { status, stdout, stderr } = await deitHere("augment", photograph, out, "--draws", file);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    const wanted = `deit augment: ${file}: ${line}`;
    expect(stderr.slice(0, wanted.length)).toBe(wanted);
    expect([stderr.trimEnd().split("\n").length, readdirSync(folder)]).toEqual([1, ["draw.json"]]);
  });

  it.each([
    ["text", ["IN/text.jpg", "IN/out.png"], "text.jpg: is not a JPEG, PNG or WebP image"],
    ["a missing image", ["IN/none.jpg", "IN/out.png"], "none.jpg: there is no such file"],
    ["an unknown operation", [photograph, "IN/out.png", "--op", "Rotat"], "--op Rotat: there is no such operation; did you mean Rotate?"],
    ["a missing magnitude", [photograph, "IN/out.png", "--op", "Rotate"], "--op Rotate needs --magnitude, from 0 to 10"],
    ["a magnitude out of range", [photograph, "IN/out.png", "--op", "Rotate", "--magnitude", "10.5"], "It must be a number from 0 to 10"],
    ["a magnitude without operation", [photograph, "IN/out.png", "--magnitude", "1"], "--magnitude and --sign go with --op NAME"],
    ["another ending", [photograph, "IN/out.gif"], "out.gif: the file to write must be called NAME.html or NAME.png"],
    ["an npz of one operation", [photograph, "IN/out.npz", "--op", "Invert"], "out.npz: the file to write must be called NAME.png"],
    ["a page of a draw", [photograph, "IN/out.html", "--draws", "IN/not.json"], "must be called NAME.npz or NAME.png"],
    ["a missing folder", [photograph, "IN/none/out.png"], "none/out.png: there is no folder "],
    ["no file to write", [photograph], "which file to write? give NAME.html or NAME.png after the image"],
    ["a file beside --count", [photograph, "IN/out.npz", "--count", "2"], "--count prints draws and writes no file; leave out "],
    ["too many draws", [photograph, "--count", "1000001"], "It must be at most 1000000"],
    ["two sources of draws", [photograph, "IN/out.npz", "--draws", "IN/not.json", "--epoch", "1"], "cannot be used with option"],
    ["text for draws", [photograph, "IN/out.npz", "--draws", "IN/not.json"], "not.json: "],
    ["missing draws", [photograph, "IN/out.npz", "--draws", "IN/none.json"], "no such file: "],
    ["an excessive view", [photograph, "IN/out.npz", "--draws", "IN/not.json", "--image-size", "5000"], "It must be at most 4096"],
    ["an unknown recipe", [photograph, "IN/out.npz", "--recipe", "digit"], "digit"],
  ])("%s", async (_, args, line) => {
    const stderr = await refusal(...args);
    expect(stderr).toMatch(/^deit augment: [^\n]+\n$/);
    expect(stderr).toContain(line);
  });
});
