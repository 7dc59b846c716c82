/**
 * Laws of `verify` on random recordings with one value changed: that tensor is the first wrong one, and none is wrong that does not read it. They
 * hold for any subset of the tensors, as long as what the changed one is made from stays in the file.
 */
import { describe, expect, it } from "vitest";
import { drawOf, type Draw } from "../../src/check/draw.ts";
import type { HostArray } from "../../src/check/host.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { passReadings } from "../../src/recording/steps/readings.ts";
import type { Recording } from "../../src/recording/format/read.ts";
import { verify } from "../../src/recording/verify.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { drawnRecording } from "./drawn.ts";

const CASES = 24;
const engine = referenceEngine();

const anyOf = (draw: Draw, names: readonly string[]): string => names[draw.integer(0, names.length - 1)] ?? "";

const drawn = (i: number): Draw => drawOf(fold(keyOf(23), i), "f64");

/** Adds a thousandth of its scale to one value of an array. */
function disturbed({ shape, data }: HostArray, draw: Draw): HostArray {
  const scale = data.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
  const [at, by] = [draw.integer(0, data.length - 1), draw.oneOf([-1e-3, 1e-3])];
  return { shape, data: data.map((x, i) => (i === at ? x + by * scale : x)) };
}

const withResults = (recording: Recording, results: ReadonlyMap<string, HostArray>): Recording => ({ ...recording, results });

const arraysOf = ({ results }: Recording): ReadonlyMap<string, HostArray> =>
  new Map([...results.keys()].map((name) => [name, results.get(name) ?? { shape: [0], data: new Float64Array() }]));

/** A recording of the network and its loss; the steps of an optimiser have a law of their own. */
async function passOnly(draw: Draw): Promise<Recording> {
  const recording = await drawnRecording(draw, engine);
  return withResults(recording, new Map([...arraysOf(recording)].filter(([name]) => !name.startsWith("after/"))));
}

describe("a recording with one value changed", () => {
  it.each(Array.from({ length: CASES }, (_, i) => i))(
    "is wrong there first, and elsewhere only in tensors computed from that value (case %i)",
    async (i) => {
      const draw = drawn(i);
      const recording = await passOnly(draw);
      const arrays = arraysOf(recording);
      const name = anyOf(draw, [...arrays.keys()]);
      const changed = new Map([...arrays].map(([other, array]) => [other, other === name ? disturbed(array, draw) : array]));

      const { first, tensors } = await verify(engine, withResults(recording, changed));
      expect(first?.name).toBe(name);
      const readers = new Set(passReadings(recording).flatMap((reading) => (reading.results.includes(name) ? [reading.name] : [])));
      expect(tensors.filter(({ ok }) => !ok).filter((off) => off.name !== name && !readers.has(off.name))).toEqual([]);
    },
  );

  it.each(Array.from({ length: CASES }, (_, i) => i))(
    "is wrong in any subset that holds it and what it is computed from (case %i)",
    async (i) => {
      const draw = drawn(CASES + i);
      const recording = await passOnly(draw);
      const arrays = arraysOf(recording);
      const name = anyOf(draw, [...arrays.keys()]);
      const needed = new Set([name, ...(passReadings(recording).find((reading) => reading.name === name)?.results ?? [])]);
      const subset = [...arrays].filter(([other]) => needed.has(other) || draw.oneOf([true, false]));
      const right = withResults(recording, new Map(subset));
      expect((await verify(engine, right)).match).toBe(true);

      const wrong = withResults(recording, new Map(subset.map(([n, array]) => [n, n === name ? disturbed(array, draw) : array])));
      expect((await verify(engine, wrong)).first?.name).toBe(name);
    },
  );
});
