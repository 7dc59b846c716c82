import { describe, expect, it } from "vitest";
import { tolerances } from "../../src/check/tolerance.ts";
import { readRecording } from "../../src/recording/read.ts";
import { catalogue } from "../../src/recording/variants/catalogue.ts";
import { verify } from "../../src/recording/verify.ts";
import { inEachPrecision } from "../helpers/engines.ts";
import { bytesOf, textOf } from "../helpers/fixtures.ts";

/** fixtures/planted/plant.py says what the fields are. */
interface Planted {
  readonly file: string;
  readonly variant: string | null;
  readonly error: string;
  readonly configuration: string;
  readonly first: string;
  readonly share: number;
}

const planted: readonly Planted[] = JSON.parse(textOf("planted/index.json"));
const known = planted.filter(({ variant }) => variant !== null);

/** An engine of f32 is held to this share of a tensor's scale: what is less wrong looks right to it. */
const SEEN_IN_F32 = tolerances.recording.f32.bound;

describe("planted errors", () => {
  it("cover the catalogue, most of it in three configurations and more", () => {
    const places = catalogue.map(
      ({ name }) => new Set(known.filter(({ variant }) => variant === name).map((row) => row.configuration)).size,
    );
    expect(catalogue.filter((_, i) => places[i] === 0)).toEqual([]);
    expect(places.filter((count) => count >= 3).length / places.length).toBeGreaterThan(0.7);
  });

  it("are wrong enough for engines of f32", () => {
    expect(planted.filter(({ share }) => share <= SEEN_IN_F32)).toEqual([]);
  });

  inEachPrecision(({ made }) => {
    it.each(planted)("$error in $configuration is located, and named only if it is known", async ({ file, variant, first }) => {
      const { engine } = await made;
      const found = await verify(engine, readRecording(bytesOf(`planted/${file}`)));
      const answer = { first: found.first?.name, variant: found.findings?.explanation?.variant ?? null };
      expect(answer).toEqual({ first, variant });
    });
  });
});
