import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { imageAt, MOST_BYTES } from "../../../src/data/images/file.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { described, digestOf, sourceOf } from "./samples.ts";

describe("imageAt", () => {
  it("reads the image of a file, whatever its name", async () => {
    const path = join(temporaryFolder(), "no-ending");
    writeFileSync(path, sourceOf("palette.png"));
    const { decoded } = described.sources.find(({ name }) => name === "palette.png") ?? { decoded: null };
    expect(digestOf((await imageAt(path)).data)).toBe(decoded);
  });

  it("refuses a file that is too large, before it is read", async () => {
    const path = join(temporaryFolder(), "large.jpg");
    writeFileSync(path, sourceOf("gray.jpg"));
    truncateSync(path, MOST_BYTES + 1);
    await expect(imageAt(path)).rejects.toThrow(`${path}: is a file of 268435457 bytes; at most 268435456 are read`);
  });

  it("refuses a missing file, a folder and a file that is not an image, naming the path", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "inner"));
    writeFileSync(join(folder, "empty.png"), "");
    await expect(imageAt(join(folder, "nothing"))).rejects.toThrow(`no image ${join(folder, "nothing")}: there is no such file`);
    await expect(imageAt(join(folder, "inner"))).rejects.toThrow(`${join(folder, "inner")} is not a file; give a JPEG, PNG or WebP image`);
    await expect(imageAt(join(folder, "empty.png"))).rejects.toThrow(`${join(folder, "empty.png")}: the file is empty, not a JPEG`);
  });
});
