/** What the numbers of a wrong tensor show, on arrays made wrong in one known way each. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexOf } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import type { HostArray } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { hintsOf } from "../../src/recording/hints.ts";
import { readRecording } from "../../src/recording/read.ts";
import { verify } from "../../src/recording/verify.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { bytesOf } from "../helpers/fixtures.ts";

const BATCH = 5;
const FACTORS = [
  { value: BATCH, says: `the batch, B = ${BATCH}: a sum where a mean is right` },
  { value: 1 / BATCH, says: `1/B with B = ${BATCH}: a mean where a sum is right` },
];

/** [4, 3, 4] normal numbers. */
const rightOf = (seed: number): HostArray => drawOf(keyOf(seed), "f64").array([4, 3, 4]);

const changed = ({ shape, data }: HostArray, f: (x: number, i: number) => number): HostArray => ({ shape, data: data.map(f) });
const hints = (recorded: HostArray, right: HostArray): string => hintsOf(recorded, right, FACTORS).join("; ");

const at = ({ shape, data }: HostArray, index: readonly number[]): number =>
  data[index.reduce((flat, x, axis) => flat * (shape[axis] ?? 1) + x, 0)] ?? NaN;

const swapped = (a: HostArray): HostArray => changed(a, (_, i) => at(a, indexOf(a.shape, i).toReversed()));
const rotated = (a: HostArray): HostArray =>
  changed(a, (_, i) => {
    const [x = 0, y = 0, z = 0] = indexOf(a.shape, i);
    return at(a, [x, (y + 1) % 3, z]);
  });

describe("hints", () => {
  const cases: readonly (readonly [what: string, wrong: (a: HostArray) => HostArray, says: RegExp])[] = [
    ["a factor", (a) => changed(a, (x) => 0.3 * x), /^the recorded values are 0\.3 times the right ones$/],
    ["a sign", (a) => changed(a, (x) => -x), /-1 times.*the sign is the other one/],
    ["a sum over the batch", (a) => changed(a, (x) => BATCH * x), /5 times.*B = 5: a sum where a mean is right/],
    ["a mean over the batch", (a) => changed(a, (x) => x / BATCH), /0\.2 times.*a mean where a sum is right/],
    ["an offset", (a) => changed(a, (x) => x + 0.25), /^the recorded values are the right ones plus 0\.25$/],
    ["a transposition", swapped, /^axes 0 and 2 are exchanged/],
    ["a permutation", rotated, /^along axis 1 the recorded slices are the right ones in the order \[1, 2, 0\]/],
    [
      "another order",
      (a) => ({ shape: a.shape, data: a.data.toSorted((x, y) => x - y) }),
      /^the recorded values are the right ones in another order/,
    ],
    ["nothing but zeros", (a) => changed(a, () => 0), /^all recorded values are 0/],
    ["NaN", (a) => changed(a, (x, i) => (i === 13 ? NaN : x)), /^1 of 48 values are not finite, the first at \[1, 0, 1\]/],
    ["one value", (a) => changed(a, (x, i) => (i === 13 ? x + 1 : x)), /^one value is wrong, at \[1, 0, 1\]$/],
    [
      "one slice",
      (a) => changed(a, (x, i) => (indexOf(a.shape, i)[2] === 3 ? 2 * x : x)),
      /^12 of 48 values are wrong, all at indices 3 of axis 2$/,
    ],
    ["a small constant", (a) => changed(a, (x) => x * (1 + 1e-8)), /differ by less than 0\.000001 of their scale/],
  ];

  it.each(cases)("tell %s", (_, wrong, says) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
        const right = rightOf(seed);
        expect(hints(wrong(right), right)).toMatch(says);
      }),
      { numRuns: 20 },
    );
  });

  it("say nothing of unrelated numbers", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 30 }), (seed) => {
        expect(hints(rightOf(seed), rightOf(seed + 1))).toBe("");
      }),
      { numRuns: 20 },
    );
  });

  it("look at ten million values without holding them in other forms", () => {
    const right: HostArray = { shape: [10, 1000, 1000], data: Float64Array.from({ length: 1e7 }, (_, i) => Math.sin(i)) };
    const wrong = changed(right, (x, i) => (i % 1000 === 7 ? x + 1 : x));
    expect(hints(wrong, right)).toBe("10000 of 10000000 values are wrong, all at indices 7 of axis 2");
  });
});

describe("hints of a step's weights", () => {
  it.each([
    ["proj-transposed", "with blocks.0.attn.proj.weight transposed the step gives the recorded values"],
    ["beta-missing", "with blocks.0.norm1.bias left out the step gives the recorded values"],
  ])("%s", async (error, hint) => {
    const recording = readRecording(bytesOf(`planted/${error}.hash-hard-f64.everywhere.safetensors`));
    const { findings } = await verify(referenceEngine(), recording);
    expect(findings).toMatchObject({ explanation: null, candidates: [] });
    expect(findings?.hints[0]).toBe(hint);
  });

  it("say nothing of a step whose weights are right", async () => {
    const recording = readRecording(bytesOf("planted/rms-norm.hash-hard-f64.everywhere.safetensors"));
    expect((await verify(referenceEngine(), recording)).findings?.hints).toEqual([]);
  });
});
