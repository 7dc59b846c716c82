import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AffineMatrix, PixelKernels } from "../../../src/data/pixels/kernels.ts";
import type { Pixels, Region, Size } from "../../../src/data/pixels/pixels.ts";
import { plainKernels } from "../../../src/data/pixels/plain.ts";
import { simdKernels } from "../../../src/data/pixels/simd.ts";

const simd = simdKernels();

/** A cheap sequence of bytes. */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
}

type Kind = "gradient" | "flat" | "two values" | "noise" | "extremes";
const KINDS: readonly Kind[] = ["gradient", "flat", "two values", "noise", "extremes"];

function imageOf(kind: Kind, { width, height }: Size, channels: number, seed: number): Pixels {
  const next = noise(seed);
  const [a, b, slope, tilt] = [next(), next(), next() / 32, next() / 32];
  const value = (x: number, y: number, c: number): number => {
    if (kind === "flat") return a;
    if (kind === "two values") return next() < 128 ? a : b;
    if (kind === "extremes") return next() < 128 ? 0 : 255;
    if (kind === "noise") return next();
    return Math.min(255, Math.max(0, a + slope * x - tilt * y + 20 * c + (next() & 3)));
  };
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const at = Math.floor(i / channels);
    return value(at % width, Math.floor(at / width), i % channels);
  });
  return { data, width, height, channels };
}

const side = (most: number): fc.Arbitrary<number> => fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: most }));
const tall = fc.record({ width: fc.integer({ min: 1, max: 3 }), height: fc.integer({ min: 101, max: 400 }) });
const sizes: fc.Arbitrary<Size> = fc.oneof({ arbitrary: fc.record({ width: side(90), height: side(70) }), weight: 9 }, tall);
const imagesOf = (...channels: number[]): fc.Arbitrary<Pixels> =>
  fc
    .tuple(fc.constantFrom(...KINDS), sizes, fc.constantFrom(...channels), fc.nat())
    .map(([kind, size, count, seed]) => imageOf(kind, size, count, seed));
const images = imagesOf(1, 3, 3, 3, 2, 4);

const within = ({ width, height }: Size): fc.Arbitrary<Region> =>
  fc.tuple(fc.integer({ min: 0, max: width - 1 }), fc.integer({ min: 0, max: height - 1 })).chain(([left, top]) =>
    fc.record({
      left: fc.constant(left),
      top: fc.constant(top),
      width: fc.integer({ min: 1, max: width - left }),
      height: fc.integer({ min: 1, max: height - top }),
    }),
  );
const whole = ({ width, height }: Size): Region => ({ left: 0, top: 0, width, height });
const partOrWhole = (size: Size): fc.Arbitrary<Region> => fc.oneof(fc.constant(whole(size)), within(size));

const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.5, 2),
  fc.double({ min: -2, max: 2, noNaN: true }),
  fc.double({ min: -100, max: 100, noNaN: true }),
);
const rotation = (angle: number, { width, height }: Size): AffineMatrix => {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [x, y] = [width / 2, height / 2];
  return [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y];
};
const matrices = (size: Size): fc.Arbitrary<AffineMatrix> =>
  fc.oneof(
    fc.double({ min: -4, max: 4, noNaN: true }).map((angle) => rotation(angle, size)),
    number.map((shear): AffineMatrix => [1, shear / 4, 0, 0, 1, 0]),
    number.map((shear): AffineMatrix => [1, 0, 0, shear / 4, 1, 0]),
    fc.tuple(number, number).map(([c, f]): AffineMatrix => [1, 0, c, 0, 1, f]),
    fc.tuple(number, number, number, number, number, number),
    fc.constantFrom<AffineMatrix>(
      [1, 0, 0, 0, 1, 0],
      [0, 0, 0.25, 0, 0, 0.75],
      [-1, 0, size.width, 0, -1, size.height],
      [NaN, 0, 0, 0, 1, 0],
    ),
  );

const fills = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });
const factors = fc.oneof(
  fc.constantFrom(0, 0.5, 1, 0.19, 1.81),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: -5, max: 5, noNaN: true }),
);

type Name = keyof PixelKernels;
/** A call of a kernel, and what it is called with, for the report of a failure. */
interface Call {
  readonly given: readonly unknown[];
  readonly run: (kernels: PixelKernels) => Pixels | Uint8Array | Uint32Array;
}

function callOf<T extends readonly unknown[]>(
  given: fc.Arbitrary<T>,
  run: (kernels: PixelKernels, ...given: T) => ReturnType<Call["run"]>,
): fc.Arbitrary<Call> {
  return given.map((values) => ({ given: values, run: (kernels) => run(kernels, ...values) }));
}

const calls: Readonly<Record<Name, fc.Arbitrary<Call>>> = {
  resize: callOf(
    fc
      .tuple(images, sizes)
      .chain(([image, size]) => fc.tuple(fc.constant(image), partOrWhole(image), fc.constant(size), partOrWhole(size))),
    (kernels, ...given) => kernels.resize(...given),
  ),
  affine: callOf(
    images.chain((image) => fc.tuple(fc.constant(image), matrices(image), fills)),
    (kernels, ...given) => kernels.affine(...given),
  ),
  lookUp: callOf(fc.tuple(images, fc.nat()), (kernels, image, seed) => {
    const tables = imageOf("noise", { width: 256, height: image.channels }, 1, seed).data;
    return kernels.lookUp(image, tables);
  }),
  blend: callOf(fc.tuple(images, fc.constantFrom(...KINDS), fc.nat(), factors), (kernels, image, kind, seed, factor) =>
    kernels.blend(image, imageOf(kind, image, image.channels, seed), factor),
  ),
  grey: callOf(fc.tuple(imagesOf(3)), (kernels, image) => kernels.grey(image)),
  smooth: callOf(fc.tuple(images), (kernels, image) => kernels.smooth(image)),
  histogram: callOf(fc.tuple(images), (kernels, image) => kernels.histogram(image)),
  flip: callOf(fc.tuple(images), (kernels, image) => kernels.flip(image)),
  planes: callOf(fc.tuple(images), (kernels, image) => {
    const out = new Uint8Array(image.data.length);
    kernels.planes(image, out);
    return out;
  }),
};
const names: readonly Name[] = ["resize", "affine", "lookUp", "blend", "grey", "smooth", "histogram", "flip", "planes"];

const bytesOf = (numbers: Uint8Array | Uint32Array): Buffer => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
const isArray = (result: ReturnType<Call["run"]>): result is Uint8Array | Uint32Array => ArrayBuffer.isView(result);

function same(a: ReturnType<Call["run"]>, b: ReturnType<Call["run"]>): boolean {
  if (isArray(a) || isArray(b)) return isArray(a) && isArray(b) && bytesOf(a).equals(bytesOf(b));
  return a.width === b.width && a.height === b.height && a.channels === b.channels && bytesOf(a.data).equals(bytesOf(b.data));
}

/** The law: a call gives the same bytes as the plain definition. */
const sameBytes = (kernels: PixelKernels, name: Name): fc.IPropertyWithHooks<[Call]> =>
  fc.property(calls[name], ({ run }) => same(run(kernels), run(plainKernels)));

const { resize, grey, smooth, histogram } = plainKernels;

/** Kernels with one plausible mistake each. */
const planted: readonly (readonly [mistake: string, name: Name, kernels: Partial<PixelKernels>])[] = [
  [
    "columns before rows",
    "resize",
    {
      resize: (image, crop, size, region) => {
        const strip = { width: crop.width, height: size.height };
        return resize(resize(image, crop, strip, whole(strip)), whole(strip), size, region);
      },
    },
  ],
  ["pixels around the crop", "resize", { resize: (image, crop, size, region) => resize(image, { ...crop, left: 0 }, size, region) }],
  [
    "a matrix of f32",
    "affine",
    {
      affine: (image, [a, b, c, d, e, f], fill) =>
        plainKernels.affine(image, [Math.fround(a), Math.fround(b), Math.fround(c), Math.fround(d), Math.fround(e), Math.fround(f)], fill),
    },
  ],
  [
    "the first channel's table for all",
    "lookUp",
    { lookUp: (image, tables) => ({ ...image, data: image.data.map((v) => tables[v] ?? 0) }) },
  ],
  [
    "blending in f64",
    "blend",
    {
      blend: (a, b, factor) => ({
        ...a,
        data: a.data.map((v, i) => Math.min(Math.max(v + factor * ((b.data[i] ?? 0) - v), 0), 255)),
      }),
    },
  ],
  [
    "rounding instead of truncation",
    "blend",
    {
      blend: (a, b, factor) => ({
        ...a,
        data: Uint8Array.from(new Uint8ClampedArray(a.data.map((v, i) => v + factor * ((b.data[i] ?? 0) - v)))),
      }),
    },
  ],
  [
    "red and blue exchanged",
    "grey",
    { grey: (image) => ({ ...image, data: grey({ ...image, data: image.data.toReversed() }).data.toReversed() }) },
  ],
  ["smoothed twice", "smooth", { smooth: (image) => smooth(smooth(image)) }],
  ["a value not counted", "histogram", { histogram: (image) => histogram(image).with(image.data.at(-1) ?? 0, 0) }],
  ["all samples in reverse order", "flip", { flip: (image) => ({ ...image, data: image.data.toReversed() }) }],
  ["[H, W, C] kept", "planes", { planes: (image, out) => out.set(image.data) }],
];

describe("SIMD kernels", () => {
  it.each(names)("%s: the bytes of the plain definition", (name) => {
    expect(() => fc.assert(sameBytes(simd, name), { numRuns: 1000 })).not.toThrow();
  });

  it("the bytes of the plain definition on an image of a photograph's size", () => {
    const photograph = imageOf("gradient", { width: 500, height: 375 }, 3, 7);
    const square = { width: 224, height: 224 };
    const crop = { left: 31, top: 17, width: 402, height: 297 };
    expect(same(simd.resize(photograph, crop, square, whole(square)), resize(photograph, crop, square, whole(square)))).toBe(true);
    for (const angle of [0.01, 0.47, -2]) {
      const given = [photograph, rotation(angle, photograph), [124, 116, 104]] as const;
      expect(same(simd.affine(...given), plainKernels.affine(...given))).toBe(true);
    }
  });

  it("leave their arguments unchanged, and results of earlier calls", () => {
    const image = imageOf("noise", { width: 40, height: 30 }, 3, 1);
    const before = image.data.slice();
    const first = simd.flip(image);
    const copy = first.data.slice();
    simd.blend(imageOf("noise", { width: 900, height: 700 }, 3, 2), imageOf("flat", { width: 900, height: 700 }, 3, 3), 0.5);
    expect(image.data).toEqual(before);
    expect(first.data).toEqual(copy);
  });

  it("the same errors as the plain definitions", () => {
    const image = imageOf("flat", { width: 4, height: 3 }, 3, 1);
    const bad: readonly ((kernels: PixelKernels) => unknown)[] = [
      (kernels) => kernels.resize(image, { left: 1, top: 0, width: 4, height: 3 }, image, whole(image)),
      (kernels) => kernels.resize(image, whole(image), image, { left: 0, top: 0, width: 4, height: 4 }),
      (kernels) => kernels.lookUp(image, new Uint8Array(256)),
      (kernels) => kernels.blend(image, imageOf("flat", { width: 3, height: 4 }, 3, 1), 0.5),
      (kernels) => kernels.grey(imageOf("flat", image, 1, 1)),
      (kernels) => kernels.planes(image, new Uint8Array(35)),
      (kernels) => kernels.smooth({ ...image, width: 5 }),
    ];
    const messageOf = (call: () => unknown): string => {
      try {
        call();
      } catch (error) {
        if (error instanceof RangeError) return error.message;
      }
      return "";
    };
    for (const call of bad) {
      expect(messageOf(() => call(simd))).not.toBe("");
      expect(messageOf(() => call(simd))).toBe(messageOf(() => call(plainKernels)));
    }
  });

  it.each(planted)("the law finds a planted error: %s (%s)", (_, name, kernels) => {
    expect(fc.check(sameBytes({ ...plainKernels, ...kernels }, name), { numRuns: 1000 }).failed).toBe(true);
  });
});
