import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, truncateSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/sources/dataset.ts";
import { openDataset } from "../../../src/data/sources/open.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { memberOf, tarOf } from "../../io/tarFiles.ts";
import { sourceOf } from "../images/samples.ts";
import { archiveOf, bytesOf, decoded, fingerprint, fingerprints, headerOfLength, listed, shardsOf, tarBytes, type Files } from "./files.ts";

const shape = { channels: 3, side: 64, classes: 2 };
const label = (text: string): Uint8Array => bytesOf(text);
/** The labels and names of all images, without their archives. */
const names = (set: Dataset): readonly string[] => listed(set).map((line) => line.replace(/ .*: /, " "));

describe("shards with class folders", () => {
  const path = (): string =>
    shardsOf(
      [
        ["dog/9.png", "palette.png"],
        ["cat/1.png", "rgba.png"],
      ],
      [["cat/0.png", "bilevel.png"]],
    );

  it("are in the order of webdataset: shard by shard, member by member", async () => {
    const text = path();
    const set = openDataset(text, shape);
    expect(set.classes).toEqual(["cat", "dog"]);
    expect(listed(set, dirname(text)).map((line) => line.replace(`${dirname(text)}/`, ""))).toEqual([
      "1 0.tar: dog/9.png",
      "0 0.tar: cat/1.png",
      "0 1.tar: cat/0.png",
    ]);
    expect(await fingerprints(set)).toEqual(await decoded("palette.png", "rgba.png", "bilevel.png"));
    set.close();
  });

  it("may be divided into splits", () => {
    const text = shardsOf([["train/a/1.png", "rgba.png"]], [["val/a/2.png", "rgba.png"], ["train/b/3.png", "rgba.png"]]); // prettier-ignore
    expect(names(openDataset(`${text}:train`, shape))).toEqual(["0 train/a/1.png", "1 train/b/3.png"]);
  });

  it("name a shard that is missing", () => {
    const text = path();
    const gone = join(dirname(text), "1.tar");
    rmSync(gone);
    expect(() => openDataset(text, shape)).toThrow(`data: ${gone}: there is no such file`);
  });

  it("name a shard that is a folder", () => {
    const text = path();
    const second = join(dirname(text), "1.tar");
    rmSync(second);
    mkdirSync(second);
    expect(() => openDataset(text, shape)).toThrow(`data: ${second}: it is a folder, not a tar archive`);
  });

  it("name a shard that is cut off, wherever it is", () => {
    const text = path();
    const second = join(dirname(text), "1.tar");
    const whole = tarBytes([["cat/0.png", "bilevel.png"]]);
    for (const length of [0, 100, 512, 600, whole.length - 1025, whole.length - 1024]) {
      writeFileSync(second, whole.subarray(0, length));
      expect(() => openDataset(text, shape)).toThrow(`data: ${second}: tar: byte ${length}: the file is truncated`);
    }
  });

  it("stay open in small numbers only: a hundred of them can be read", async () => {
    const source = (i: number): string => (i < 50 ? "one_px_wide.png" : "one_px_high.png");
    const text = shardsOf(...Array.from({ length: 100 }, (_, i): Files => [[`${i % 2}/${i}.png`, source(i)]]));
    const set = openDataset(text, shape);
    const expected = await decoded(...Array.from({ length: 100 }, (_, i) => source(i)));
    expect(await fingerprints(set)).toEqual(expected);
    expect(await fingerprints(set)).toEqual(expected);
    set.close();
  });
});

describe("shards of webdataset", () => {
  const pair = (key: string, text: string, image = "rgba.png"): Files => [
    [`${key}.cls`, label(text)],
    [`${key}.${image.replace(/.*\./, "")}`, image],
  ];

  it("have an image and a class number with the same key", async () => {
    const text = shardsOf([...pair("b/2", "1", "palette.png"), ...pair("a.b/1", " 0\n")], [...pair("a", "1", "lossy.webp")]);
    const set = openDataset(text, shape);
    expect([set.classes, names(set)]).toEqual([["0", "1"], ["1 b/2.png", "0 a.b/1.png", "1 a.webp"]]); // prettier-ignore
    expect(await fingerprints(set)).toEqual(await decoded("palette.png", "rgba.png", "lossy.webp"));
    set.close();
  });

  it("may have other files under the key, capital endings, and partners that are apart", () => {
    const text = shardsOf([
      ["1.cls", label("0")],
      ["2.CLS", label("1")],
      ["1.json", bytesOf("{}")],
      ["1.seg.png", "palette.png"],
      ["._1.jpg", "rgba.png"],
      ["._1.cls", label("7")],
      ["2.JPEG", "gray.jpg"],
      ["1.jpg", "gray.jpg"],
    ]);
    expect(names(openDataset(text, shape))).toEqual(["0 1.jpg", "1 2.JPEG"]);
  });

  it("may be a single archive", () => {
    expect(openDataset(archiveOf(pair("1", "1")), shape).count).toBe(1);
  });

  it("may use a key again in another shard", () => {
    expect(names(openDataset(shardsOf(pair("1", "0"), pair("1", "1")), shape))).toEqual(["0 1.png", "1 1.png"]);
  });

  it.each<readonly [what: string, files: Files, message: string]>([
    ["a label out of range", pair("k", "2"), 'k.cls must be a class number from 0 to 1, got "2"'],
    ["a negative label", pair("k", "-1"), 'k.cls must be a class number from 0 to 1, got "-1"'],
    ["a label that is no number", pair("k", "cat"), 'k.cls must be a class number from 0 to 1, got "cat"'],
    ["an empty label", pair("k", ""), 'k.cls must be a class number from 0 to 1, got ""'],
    ["an endless label", pair("k", "0".repeat(5000)), 'k.cls must be a class number from 0 to 1, got "0000'],
    ["an image without a label", [...pair("k", "0"), ["l.png", "rgba.png"]], "the key l has an image but no label l.cls"],
    ["a label without an image", [["k.cls", label("0")]], "the key k has a label but no image k.jpg, .jpeg, .png or .webp"],
    ["two images", [...pair("k", "0"), ["k.jpg", "gray.jpg"]], "the key k has two images, k.png and k.jpg"],
    ["the same image twice", [...pair("k", "0"), ["k.png", "rgba.png"]], "the key k has two files k.png"],
    ["the same label twice", [...pair("k", "0"), ["k.cls", label("1")]], "the key k has two files k.cls"],
    ["two labels", [...pair("k", "0"), ["k.CLS", label("1")]], "the key k has two labels, k.cls and k.CLS"],
    ["class folders", [["cat/1.png", "rgba.png"]], "either all shards or none must have .cls labels"],
  ])("with %s are refused, and the shard is named", (_, files, message) => {
    const text = shardsOf(pair("first", "0"), files);
    expect(() => openDataset(text, shape)).toThrow(`data: ${join(dirname(text), "1.tar")}: ${message}`);
  });

  it("have no splits", () => {
    const text = shardsOf(pair("k", "0"));
    expect(() => openDataset(`${text}:train`, shape)).toThrow(
      `data: ${text}: its images are labelled by .cls files, so it has no split train`,
    );
  });
});

describe("an archive", () => {
  it("counts the later one of two files of the same name, and a hard link as the file that it leads to", async () => {
    const path = join(temporaryFolder(), "set.tar");
    const link = memberOf({ name: "b/3.png", content: new Uint8Array(0), type: "1" });
    link.set(bytesOf("a/1.png"), 157);
    link.set(bytesOf(" ".repeat(8)), 148);
    link.set(bytesOf(`${link.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `), 148); // prettier-ignore
    const members = tarBytes([["a/1.png", "rgba.png"], ["a/2.png", "rgba.png"], ["a/1.png", "palette.png"]]).subarray(0, -1024); // prettier-ignore
    writeFileSync(path, Uint8Array.from([...members, ...link, ...new Uint8Array(1024)]));
    const set = openDataset(path, shape);
    expect(listed(set, path)).toEqual(["0 a/2.png", "0 a/1.png", "1 b/3.png"]);
    expect(await fingerprints(set)).toEqual(await decoded("rgba.png", "palette.png", "palette.png"));
    set.close();
  });

  it.each(["../a/1.png", "/a/1.png", "a/../../1.png", "a/.."])("with the name %s is refused: it leads out of the folder", (name) => {
    const path = join(temporaryFolder(), "set.tar");
    writeFileSync(path, tarOf([{ name, content: sourceOf("rgba.png") }]));
    expect(() => openDataset(path, shape)).toThrow(`data: ${path}: tar: byte 0: the name "${name}" leads out of the archive's own folder`);
  });

  it("that is compressed is refused", () => {
    const path = join(temporaryFolder(), "set.tar.gz");
    writeFileSync(path, Uint8Array.from([0x1f, 0x8b, ...new Uint8Array(600)]));
    expect(() => openDataset(path, shape)).toThrow(`data: ${path}: tar: byte 0: the archive is compressed; gunzip it first`);
  });

  it("may be larger than 4 GiB", async () => {
    const path = join(temporaryFolder(), "set.tar");
    const file = openSync(path, "w");
    const large = 5 * 2 ** 30; // a hole of the file system, which takes no room
    writeSync(file, headerOfLength("a/large.png", large), 0, 512, 0);
    const rest = tarBytes([["b/1.png", "rgba.png"]]);
    writeSync(file, rest, 0, rest.length, 512 + large);
    closeSync(file);
    const set = openDataset(path, shape);
    expect([fingerprint(await set.image(1))]).toEqual(await decoded("rgba.png"));
    await expect(set.image(0)).rejects.toThrow(`${path}: a/large.png: is a file of ${large} bytes; at most 268435456 are read`);
    set.close();
  });

  it("that is closed is read no more, but reads that have begun end well", async () => {
    const path = archiveOf([["a/1.png", "rgba.png"], ["b/1.png", "rgba.png"]]); // prettier-ignore
    const set = openDataset(path, shape);
    const reading = set.image(0);
    set.close();
    expect([fingerprint(await reading)]).toEqual(await decoded("rgba.png"));
    await expect(set.image(0)).rejects.toThrow(`${path}: a/1.png: the set is closed`);
  });

  it("that changes between indexing and reading is refused", async () => {
    const path = archiveOf([["a/1.png", "rgba.png"], ["b/1.png", "rgba.png"]]); // prettier-ignore
    const set = openDataset(path, shape);
    utimesSync(path, 1, 1);
    await expect(set.image(0)).rejects.toThrow(`${path}: a/1.png: ${path} has changed since it was indexed`);
  });

  it("that becomes shorter while it is open is an error of the image", async () => {
    const path = archiveOf([["a/1.png", "rgba.png"], ["b/1.png", "rgba.png"]]); // prettier-ignore
    const set = openDataset(path, shape);
    await set.image(0);
    truncateSync(path, 1000);
    await expect(set.image(1)).rejects.toThrow(`${path}: b/1.png: its archive has become shorter`);
    set.close();
  });
});

describe("a pipe", () => {
  it.skipIf(process.platform === "win32")("is refused at once: opening it would wait for ever", () => {
    const path = join(temporaryFolder(), "pipe.tar");
    execFileSync("mkfifo", [path]);
    expect(() => openDataset(path, shape)).toThrow(`data: ${path}: it is a pipe or a device, not a tar archive`);
    expect(() => openDataset(`cifar10:${path}`, { ...shape, classes: 10 })).toThrow(
      `data: ${path}: it is a pipe or a device, not a tar archive`,
    );
  });
});

describe("a sparse file of zeros", () => {
  it("is an archive without images", () => {
    const path = join(temporaryFolder(), "zeros.tar");
    const file = openSync(path, "w");
    ftruncateSync(file, 10_240);
    closeSync(file);
    expect(() => openDataset(path, shape)).toThrow(`data: ${path}: it has no images`);
  });
});
