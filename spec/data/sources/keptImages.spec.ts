/** Small images that are kept decoded. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decoded, type ImageFile } from "../../../src/data/images/imageFile.ts";
import type { Pixels } from "../../../src/data/pixels/pixels.ts";
import { keepingSmall } from "../../../src/data/sources/keptImages.ts";

/** Image i has pixels of value i. */
const imageOf = (i: number, side: number): Pixels => ({
  data: new Uint8Array(3 * side ** 2).fill(i),
  width: side,
  height: side,
  channels: 3,
});

/** A set of images of these sides that counts how often each is opened. */
function counted(
  sides: readonly number[],
  most?: number,
): { readonly kept: ReturnType<typeof keepingSmall>; readonly opened: readonly number[] } {
  const opened = sides.map(() => 0);
  const open = async (i: number): Promise<ImageFile> => {
    opened[i] = (opened[i] ?? 0) + 1;
    return decoded(imageOf(i, sides[i] ?? 1));
  };
  return { kept: keepingSmall(open, most), opened };
}

describe("small images", () => {
  it("are the same, whole and in part, however often and in whatever order they are opened", async () => {
    const request = fc.record({
      i: fc.nat(4),
      left: fc.integer({ min: -2, max: 5 }),
      width: fc.integer({ min: 1, max: 6 }),
      whole: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request), fc.nat(700), async (requests, most) => {
        const sides = [4, 70, 8, 5, 6];
        const { kept } = counted(sides, most);
        for (const { i, left, width, whole } of requests) {
          const part = { left, top: 1, width, height: 2 };
          const [file, image] = [await kept.open(i), decoded(imageOf(i, sides[i] ?? 1))];
          expect([file.width, file.height]).toEqual([image.width, image.height]);
          expect(await (whole ? file.decode() : file.decode(part))).toEqual(await (whole ? image.decode() : image.decode(part)));
        }
      }),
    );
  });

  it("are opened once until the set is closed, large ones each time, and no more are kept than there is room for", async () => {
    const { kept, opened } = counted([32, 65, 32, 32], 2 * 3 * 32 ** 2);
    for (const i of [0, 0, 1, 1, 2, 2, 3, 3]) await kept.open(i);
    expect(opened).toEqual([1, 2, 1, 2]);
    kept.close();
    await kept.open(0);
    expect(opened).toEqual([2, 2, 1, 2]);
  });

  it("are not changed by whoever changes the pixels that they got", async () => {
    const { kept } = counted([2]);
    const { data } = await (await kept.open(0)).decode();
    data.fill(9);
    expect((await (await kept.open(0)).decode()).data).toEqual(imageOf(0, 2).data);
  });
});
