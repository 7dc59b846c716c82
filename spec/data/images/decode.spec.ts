import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/data/images/decode.ts";
import { ImageError } from "../../../src/data/images/imageError.ts";
import { described, digestOf, firstDifference, sourceOf } from "./samples.ts";

describe("decodeImage gives Pillow's RGB, byte for byte", () => {
  it.each(described.sources)("of $name", async ({ name, width, height, decoded }) => {
    const image = await decodeImage(sourceOf(name));
    expect({ ...image, data: null }).toEqual({ data: null, width, height, channels: 3 });
    expect(firstDifference(`${name}.decoded`, image.data)).toBe(null);
    expect(digestOf(image.data)).toBe(decoded);
  });

  it.each(described.sources)("of $name as an array whose slice is a copy, unlike that of Node's Buffer", async ({ name }) => {
    const { data } = await decodeImage(sourceOf(name));
    const copy = data.slice();
    copy[0] = 255 - (data[0] ?? 0);
    expect(copy[0]).not.toBe(data[0]);
  });
});

/** A PNG whose header claims this size. */
function enormous(width: number, height: number): Uint8Array {
  const bytes = Uint8Array.from(sourceOf("rgba.png"));
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

describe("decodeImage refuses", () => {
  it.each([
    ["an empty file", new Uint8Array(0), "the file is empty, not a JPEG, PNG or WebP image"],
    ["text", new TextEncoder().encode("<svg/>"), "is not a JPEG, PNG or WebP image: it begins with the bytes 3c 73 76 67 2f 3e"],
    ["half a JPEG", sourceOf("landscape.jpg").subarray(0, 16000), "is a JPEG image that cannot be decoded: "],
    ["half a PNG", sourceOf("rgba.png").subarray(0, 5000), "is a PNG image that cannot be decoded: "],
    ["half a WebP", sourceOf("lossless.webp").subarray(0, 1000), "is a WebP image that cannot be decoded: "],
    ["a JPEG with nothing but its signature", sourceOf("gray.jpg").subarray(0, 4), "is a JPEG image that cannot be decoded: "],
    [
      "more pixels than Pillow opens",
      enormous(20_000, 10_000),
      "is an image of 20000×10000 pixels; at most 178956970 pixels can be opened",
    ],
  ])("%s", async (_, bytes, message) => {
    const error: unknown = await decodeImage(bytes).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ImageError);
    const text = error instanceof Error ? error.message : "";
    expect(text.slice(0, message.length)).toBe(message);
    expect(text).not.toMatch(/\n/);
  });

  it("a PNG with a wrong byte in its data", async () => {
    const bytes = Uint8Array.from(sourceOf("square_native.png"));
    bytes[bytes.length >> 1] = 255 - (bytes[bytes.length >> 1] ?? 0);
    await expect(decodeImage(bytes)).rejects.toThrow(ImageError);
  });
});
