/** Random erasing on each engine, against timm (fixtures/erasing) and in plain loops. */
import { expect, it } from "vitest";
import { evaluateOne, type HostArray } from "../../src/check/host.ts";
import type { Rectangle } from "../../src/data/augment/draw.ts";
import type { Erased } from "../../src/data/loader/batch.ts";
import { keyOf, normals } from "../../src/tensor/key.ts";
import { erase } from "../../src/train/mixing/erase.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { erased, sameNumbers } from "../helpers/erased.ts";
import { textOf } from "../helpers/fixtures.ts";
import { picturesOf } from "../helpers/pictures.ts";

interface Case extends Rectangle {
  readonly name: string;
  readonly H: number;
  readonly W: number;
}

const { cases }: { readonly cases: readonly Case[] } = JSON.parse(textOf("erasing/erasing.json"));
const { numbers } = picturesOf("erasing/erasing.safetensors");

const CHANNELS = 3;
const [B, H, W] = [4, 6, 5];
const length = CHANNELS * H * W;
const images = normals(keyOf(1), B * length);
const noiseOf = (image: number, { h, w }: Rectangle): Float32Array => normals(keyOf(2 + image), CHANNELS * h * w);

/** What is erased of some images of the batch: pixels in a corner, a row, and nothing of images 0 and 2. */
const some: readonly Erased[] = [
  { image: 3, top: 4, left: 0, h: 1, w: 5 },
  { image: 1, top: 0, left: 3, h: 3, w: 2 },
].map((one) => ({ ...one, noise: noiseOf(one.image, one) }));

/** The batch in plain loops. */
const expected = Float32Array.from(
  Array.from({ length: B }, (_, image) => {
    const own = some.find((one) => one.image === image);
    const planes = { data: images.slice(image * length, (image + 1) * length), height: H, width: W };
    return [...erased(planes, own === undefined ? null : { ...own, data: own.noise })];
  }).flat(),
);

onEachEngine(({ made }) => {
  const run = async (shape: readonly number[], data: Float32Array, what: readonly Erased[]): Promise<HostArray> =>
    evaluateOne((await made).engine, (k) => erase.run(k, { x: k.upload(shape, data) }, what));

  it.each(cases)("gives timm's image: $name", async ({ name, H: height, W: width, ...rectangle }) => {
    const out = await run([1, CHANNELS, height, width], numbers(`${name}.x`), [
      { image: 0, ...rectangle, noise: numbers(`${name}.noise`) },
    ]);
    expect(sameNumbers(Float32Array.from(out.data), numbers(`${name}.y`))).toBe(true);
  });

  it("erases its own rectangle of each image, and leaves the others as they are", async () => {
    const out = await run([B, CHANNELS, H, W], images, some);
    expect(out.shape).toEqual([B, CHANNELS, H, W]);
    expect(sameNumbers(Float32Array.from(out.data), expected)).toBe(true);
    expect(sameNumbers(Float32Array.from((await run([B, CHANNELS, H, W], images, [])).data), images)).toBe(true);
  });

  it("refuses what does not fit", async () => {
    const one: Erased = { image: 0, top: 0, left: 0, h: 2, w: 2, noise: new Float32Array(12) };
    const { engine } = await made;
    const refusal =
      (what: Partial<Erased>, shape: readonly number[] = [2, CHANNELS, 4, 4]) =>
      (): unknown =>
        engine.kernels.region("refused", () => void erase.run(engine.kernels, { x: engine.kernels.zeros(shape) }, [{ ...one, ...what }]));
    expect(refusal({}, [CHANNELS, 4, 4])).toThrow("erase: images must be [B, C, H, W], got [3, 4, 4]");
    expect(refusal({ top: 3 })).toThrow("erase: 2×2 at row 3, column 0 of image 0 is not inside [2, 3, 4, 4]");
    expect(refusal({ left: -1 })).toThrow("erase: 2×2 at row 0, column -1 of image 0 is not inside [2, 3, 4, 4]");
    expect(refusal({ image: 2 })).toThrow("erase: 2×2 at row 0, column 0 of image 2 is not inside [2, 3, 4, 4]");
    expect(refusal({ h: 1 })).toThrow("erase: the noise must be 6 numbers, got 12");
  });
});
