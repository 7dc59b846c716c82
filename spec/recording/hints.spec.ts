/** What the numbers of a wrong tensor show, on arrays made wrong in one known way each. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indexOf } from "../../src/check/close.ts";
import { drawOf } from "../../src/check/draw.ts";
import type { HostArray } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { combinationHint } from "../../src/recording/explain/combinations.ts";
import { factorsOf } from "../../src/recording/explain/factors.ts";
import { factorText, hintsOf } from "../../src/recording/explain/hints.ts";
import { readRecording, type Recording } from "../../src/recording/format/read.ts";
import { computeRecording } from "../../src/recording/steps/compute.ts";
import { tensorSpecsOf } from "../../src/recording/format/tensorSpecs.ts";
import { verify } from "../../src/recording/verify.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { bytesOf } from "../helpers/fixtures.ts";
import { forwardOnly as hashed, labels, labelsLoss, recordingFile, zeros } from "./helpers.ts";

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
    ["a sign", (a) => changed(a, (x) => -x), /-1 times.*the sign is reversed/],
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

  it.each(cases)("describe %s", (_, wrong, says) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
        const right = rightOf(seed);
        expect(hints(wrong(right), right)).toMatch(says);
      }),
      { numRuns: 20 },
    );
  });

  it("are empty for unrelated numbers", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 30 }), (seed) => {
        expect(hints(rightOf(seed), rightOf(seed + 1))).toBe("");
      }),
      { numRuns: 20 },
    );
  });

  it("handle ten million values without copies of them", () => {
    const right: HostArray = { shape: [10, 1000, 1000], data: Float64Array.from({ length: 1e7 }, (_, i) => Math.sin(i)) };
    const wrong = changed(right, (x, i) => (i % 1000 === 7 ? x + 1 : x));
    expect(hints(wrong, right)).toBe("10000 of 10000000 values are wrong, all at indices 7 of axis 2");
  });
});

describe("hints on a step's weights", () => {
  it.each([
    ["proj-transposed", "with blocks.0.attn.proj.weight transposed the step gives the recorded values"],
    ["beta-missing", "with blocks.0.norm1.bias left out the step gives the recorded values"],
  ])("%s", async (error, hint) => {
    const recording = readRecording(bytesOf(`planted/${error}.hash-hard-f64.everywhere.safetensors`));
    const { findings } = await verify(referenceEngine(), recording);
    expect(findings).toMatchObject({ explanation: null, candidates: [] });
    expect(findings?.hints[0]).toBe(hint);
  });

  it("are empty for a step whose weights are right", async () => {
    const recording = readRecording(bytesOf("planted/rms-norm.hash-hard-f64.everywhere.safetensors"));
    expect((await verify(referenceEngine(), recording)).findings?.hints).toEqual([]);
  });
});

describe("hints on combinations of other tensors", () => {
  const named = (name: string, seed: number): { readonly name: string; readonly array: HostArray } => ({ name, array: rightOf(seed) });
  const [right, a, b] = [rightOf(100), named("taps/a", 101), named("taps/b", 102)];
  const plus = (x: HostArray, y: HostArray, c: number): HostArray => changed(x, (value, i) => value + c * (y.data[i] ?? NaN));

  it.each<readonly [string, HostArray, string | null]>([
    ["a copy", a.array, "the recorded values are a copy of taps/a"],
    ["a multiple", changed(a.array, (x) => 0.25 * x), "the recorded values are 0.25·taps/a"],
    ["a summand that is missing", plus(right, b.array, -1), "taps/b is missing from the sum"],
    ["a summand too many", plus(right, b.array, 1), "taps/b is added to the right values"],
    ["a sum of two", plus(a.array, b.array, 1), "the recorded values are taps/a + taps/b"],
    ["a difference of two", plus(a.array, b.array, -1), "the recorded values are taps/a − taps/b"],
    ["unrelated numbers", rightOf(103), null],
  ])("tell %s", (_, recorded, says) => expect(combinationHint(recorded, right, [a, b])).toBe(says));

  const batch = 3;
  it("name τ, λ and α, their squares and complements, and the sizes", () => {
    const soft = {
      ...hashed,
      loss: { ...labelsLoss, distillation: { kind: "soft", lambda: 0.3, tau: 2.5, divideBy: "batch", student: "class" } },
    };
    const recording = readRecording(
      recordingFile(
        { ...soft, images: { hash: 8, batch } },
        { labels: labels(0, 1, 2), teacher: zeros(batch, 3), "taps/embed": zeros(batch, 5, 4) },
      ),
    );
    const said = (c: number): string => factorText(c, factorsOf(recording)).text;
    expect([said(2.5), said(0.4), said(6.25), said(1 - 0.3), said(batch), said(1.234)]).toEqual([
      "2.5 times the right ones (τ)",
      "0.4 times the right ones (1/τ)",
      "6.25 times the right ones (τ²)",
      "0.7 times the right ones (1 − λ)",
      "3 times the right ones (the batch, B = 3: a sum where a mean is right)",
      "1.234 times the right ones",
    ]);
  });
});

/** A right recording of a small distilled model, of which only some taps are kept; `change` is what its author did otherwise. */
async function madeBy(
  heads: number,
  said: number,
  kept: readonly string[],
  change: (taps: ReadonlyMap<string, HostArray>) => ReadonlyMap<string, HostArray> = (taps) => taps,
): Promise<Recording> {
  const model = { ...hashed.model, width: 12, heads, distilled: true };
  const empty = readRecording(recordingFile({ ...hashed, model }, { "taps/embed": zeros(2, 6, 12) }));
  const names = new Map(
    [...tensorSpecsOf(empty.configuration, 2)].flatMap(([name, { role }]) => (role === "result" ? [[name, rightOf(0)] as const] : [])),
  );
  const results = change(await computeRecording(referenceEngine(), { ...empty, results: names }));
  const configuration = { ...empty.configuration, model: { ...empty.configuration.model, heads: said } };
  return { ...empty, configuration, results: new Map([...results].filter(([name]) => kept.includes(name))) };
}

describe("hints on the configuration of a recording", () => {
  it("name another number of heads that gives the recorded values", async () => {
    const recording = await madeBy(3, 1, ["taps/blocks.0.attn.qkv", "taps/blocks.0.attn.context", "taps/logits"]);
    const { first, findings } = await verify(referenceEngine(), recording);
    expect([first?.name, findings?.explanation]).toEqual(["taps/blocks.0.attn.context", null]);
    expect(findings?.hints[0]).toBe("with 3 heads the recorded values are right: the file says 1; record.py takes --heads 3");
  });

  it("say how to map a module that returns a pair, if the logits are those of the class head", async () => {
    const pair = (taps: ReadonlyMap<string, HostArray>): ReadonlyMap<string, HostArray> =>
      new Map([...taps].map(([name, array]) => [name, name === "taps/logits" ? (taps.get("taps/head") ?? array) : array]));
    for (const kept of [["taps/head", "taps/head_dist", "taps/logits"], ["taps/logits"]]) {
      const { findings } = await verify(referenceEngine(), await madeBy(3, 3, kept, pair));
      expect(findings?.explanation?.variant).toBe("logits-of-class-head");
      expect(findings?.hints).toEqual([
        expect.stringMatching(/leave "logits" out of the map, and write "head": "\[0\]" and "head_dist": "\[1\]"/),
      ]);
    }
  });
});
