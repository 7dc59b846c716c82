import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSource, sourceOf, type Source } from "../../src/io/disk/source.ts";
import { TarError, tarFiles } from "../../src/io/archive/tar.ts";
import { bytesOf, textOf } from "../helpers/fixtures.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { memberOf, tarOf } from "./tarFiles.ts";

const described: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(textOf("tar/tar.json"));

function unpacked(source: Source): Readonly<Record<string, string>> {
  const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  return Object.fromEntries(tarFiles(source).map(({ name, begin, end }) => [name, digest(source.read(begin, end))]));
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

describe("tarFiles", () => {
  it.each(["ustar", "pax", "gnu"])("of %s are the files that Python's tarfile unpacks, from memory and from a file", (format) => {
    const bytes = bytesOf(`tar/${format}.tar`);
    expect(unpacked(sourceOf(bytes))).toEqual(described[format]);
    expect(tarFiles(sourceOf(bytes)).map(({ name }) => name)).toEqual(Object.keys(described[format] ?? {}));

    const path = join(temporaryFolder(), "archive.tar");
    writeFileSync(path, bytes);
    const source = openSource(path);
    expect(unpacked(source)).toEqual(described[format]);
    source.close();
  });

  it("are views of the archive's own bytes", () => {
    const bytes = tarOf([{ name: "a", content: text("abc") }]);
    const source = sourceOf(bytes);
    const [{ begin, end } = { begin: 0, end: 0 }] = tarFiles(source);
    expect(source.read(begin, end).buffer).toBe(bytes.buffer);
    expect(new TextDecoder().decode(source.read(begin, end))).toBe("abc");
  });

  it("may have a binary size, as GNU's tar writes it beyond 8 GB", () => {
    const member = memberOf({ name: "a", content: text("abc") });
    member.fill(0, 124, 136);
    member[124] = 0x80;
    member[135] = 3;
    member.fill(0x20, 148, 156);
    const sum = member.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    member.set(text(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    expect(tarFiles(sourceOf(Uint8Array.from([...member, ...new Uint8Array(1024)])))).toEqual([{ name: "a", begin: 512, end: 515 }]);
  });

  it("of an archive with only its end are none", () => {
    expect(tarFiles(sourceOf(new Uint8Array(1024)))).toEqual([]);
  });
});

/** Whether the files are inside the archive, or a TarError says why it cannot be read. */
function sound(bytes: Uint8Array): boolean {
  try {
    return tarFiles(sourceOf(bytes)).every(({ begin, end }) => begin <= end && end <= bytes.length);
  } catch (error) {
    return error instanceof TarError;
  }
}

describe("tarFiles refuses", () => {
  const one = { name: "a.txt", content: text("abc") };
  const pax = (records: string): Uint8Array => tarOf([{ name: "x", content: text(records), type: "x" }, one]);
  const broken = tarOf([one]);
  broken[0] = 0x62;

  it.each<readonly [what: string, bytes: Uint8Array, message: string]>([
    ["nothing", new Uint8Array(0), "tar: byte 0: the file is truncated, or not a tar archive: it must end with a block of zeros"],
    ["text", text("no archive ".repeat(100)), "tar: byte 148: the checksum of a header must be "],
    [
      "a compressed archive",
      Uint8Array.from([0x1f, 0x8b, ...new Uint8Array(600)]),
      "tar: byte 0: the archive is compressed; gunzip it first",
    ],
    ["a wrong checksum", broken, "tar: byte 148: the checksum of a header must be "],
    ["a file that is cut off", tarOf([one]).subarray(0, 514), 'tar: byte 514: the file is truncated: "a.txt" ends at byte 515'],
    ["an archive without an end", tarOf([one]).subarray(0, 1024), "tar: byte 1024: the file is truncated"],
    ["a hard link to nothing", tarOf([{ ...one, type: "1" }]), 'tar: byte 0: "a.txt" is a hard link to "", which does not precede it'],
    ["an unknown type", tarOf([{ ...one, type: "S" }]), 'tar: byte 156: "a.txt" is of the unknown type "S"'],
    ["a record without a length", pax("path=b\n"), "tar: byte 512: a pax record must be LENGTH KEY=VALUE and a line end"],
    ["a record that is too long", pax("99 path=b\n"), "tar: byte 512: a pax record must be LENGTH KEY=VALUE and a line end"],
    ["a record of length 0", pax("0 path=b\n"), "tar: byte 512: a pax record must be LENGTH KEY=VALUE and a line end"],
    ["a size that is not a number", pax("10 size=x\n"), 'tar: byte 512: the size must be a number, got "x"'],
    ["a size beyond the file", pax("16 size=9999999\n"), 'tar: byte 3072: the file is truncated: "a.txt" ends at byte '],
    ["a sparse file", pax("22 GNU.sparse.major=1\n"), "tar: byte 512: sparse files are not read"],
    [
      "an endless name",
      tarOf([{ name: "L", content: new Uint8Array(70_000), type: "L" }]),
      "tar: byte 0: a name may have 65536 bytes, got 70000",
    ],
  ])("%s", (_, bytes, message) => {
    const found = (): unknown => tarFiles(sourceOf(bytes));
    expect(found).toThrow(TarError);
    expect(found).toThrow(message);
  });

  it("or reads an archive with any change, and throws nothing else", () => {
    const archives = ["ustar", "pax", "gnu"].map((format) => bytesOf(`tar/${format}.tar`));
    const change = fc.tuple(fc.nat(20_480), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...archives), fc.array(change, { maxLength: 4 }), fc.nat(20_480), (archive, changes, end) => {
        const bytes = archive.slice(0, changes.length === 0 ? end : archive.length);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        expect(sound(bytes)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
