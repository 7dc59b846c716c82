import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeFolder } from "../../src/io/disk/folder.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

function* failing(): Generator<readonly [string, string], void> {
  yield ["a.txt", "a"];
  throw new Error("no more");
}

describe("a folder", () => {
  it("gets all of its files, including those in subfolders and those of several pieces", async () => {
    const folder = join(temporaryFolder(), "new", "folder");
    const pieces = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    await writeFolder(folder, [["a.txt", "text"], ["in/b.bin", Uint8Array.of(9)], ["c.bin", pieces]]); // prettier-ignore
    expect(readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted()).toEqual(["a.txt", "c.bin", "in", join("in", "b.bin")]);
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("text");
    expect([...readFileSync(join(folder, "in", "b.bin"))]).toEqual([9]);
    expect([...readFileSync(join(folder, "c.bin"))]).toEqual([1, 2, 3]);
  });

  it("is not created, nor anything else, if one of its files fails", async () => {
    const around = temporaryFolder();
    await expect(writeFolder(join(around, "new"), failing())).rejects.toThrow("no more");
    expect(readdirSync(around)).toEqual([]);
  });

  it("that exists already is left unchanged", async () => {
    const folder = join(temporaryFolder(), "old");
    mkdirSync(folder);
    await expect(writeFolder(folder, [["a.txt", "a"]])).rejects.toThrow(`${folder} exists already`);
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(`${folder}.partial-${process.pid}`)).toBe(false);
  });
});
