/** Ranged reads: their results and errors. */
import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allocated, memoryBytes, type ByteSource } from "../../src/io/disk/byteSource.ts";
import { fileBytes } from "../../src/io/disk/fileBytes.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const content = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 256);

function written(): string {
  const path = join(temporaryFolder(), "bytes");
  writeFileSync(path, content);
  return path;
}

describe.each<readonly [what: string, open: () => ByteSource]>([
  ["of memory", () => memoryBytes(content)],
  ["of a part of a buffer", () => memoryBytes(Buffer.concat([Buffer.alloc(3), content, Buffer.alloc(5)]).subarray(3, 1003))],
  ["of a file", () => fileBytes(written())],
])("a source %s", (_, open) => {
  it("has a size", () => {
    expect(open().size).toBe(content.length);
  });

  it.each([
    [0, 0],
    [0, 1000],
    [3, 5],
    [999, 1],
    [1000, 0],
  ])("reads, from byte %i on, %i bytes into a new buffer", (offset, length) => {
    const read = open().read(offset, length);
    expect(read).toEqual(content.slice(offset, offset + length));
    expect(read.buffer.byteLength).toBe(length);
  });

  it("returns copies, which the caller may change", () => {
    const source = open();
    source.read(0, 10).fill(1);
    expect(source.read(0, 10)).toEqual(content.slice(0, 10));
  });

  it.each([
    [0, 1001],
    [1000, 1],
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [2 ** 53, 0],
    [NaN, 0],
  ])("refuses, from byte %d on, %d bytes", (offset, length) => {
    expect(() => open().read(offset, length)).toThrow(
      new RangeError(`read: the range must be within 1000 bytes, got ${length} bytes from byte ${offset} on`),
    );
  });
});

describe("a file", () => {
  it("that does not exist is refused when it is opened", () => {
    expect(() => fileBytes(join(temporaryFolder(), "none"))).toThrow("ENOENT");
  });

  it("that is a folder is refused when it is opened", () => {
    const folder = temporaryFolder();
    expect(() => fileBytes(folder)).toThrow(new RangeError(`${folder} is no file that can be read from any byte on`));
  });

  it.each<readonly [how: string, change: (path: string) => void]>([
    ["longer", (path) => appendFileSync(path, "more")],
    ["shorter", (path) => truncateSync(path, 500)],
    [
      "another",
      (path) => {
        writeFileSync(`${path}.new`, content);
        renameSync(`${path}.new`, path);
      },
    ],
  ])("that becomes %s can no longer be read", (_, change) => {
    const path = written();
    const source = fileBytes(path);
    source.read(0, 1);
    change(path);
    expect(() => source.read(0, 1)).toThrow(new RangeError(`${path} has changed since it was opened`));
  });

  it("that is removed can no longer be read", () => {
    const path = written();
    const source = fileBytes(path);
    rmSync(path);
    expect(() => source.read(0, 1)).toThrow("ENOENT");
  });
});

it("an array that is too large for any host is refused with a message", () => {
  expect(() => allocated(2 ** 53 - 1)).toThrow(new RangeError("read: there is no room in memory for 9007199254740991 bytes at once"));
});
