import { describe, expect, it } from "vitest";
import { tolerances } from "../../src/check/tolerance.ts";
import { readRecording } from "../../src/recording/format/read.ts";
import { catalogue } from "../../src/recording/variants/catalogue.ts";
import { verify } from "../../src/recording/verify.ts";
import { inEachPrecision } from "../helpers/engines.ts";
import { bytesOf, textOf } from "../helpers/fixtures.ts";
import { lane } from "../helpers/lane.ts";

/** fixtures/planted/explanations.py says what the fields are. */
interface Explained {
  readonly at: string;
  readonly variant: string | null;
  readonly count: number;
  readonly decided: boolean;
  readonly share: number;
}

/** fixtures/planted/plant.py says what the fields are. */
interface Planted {
  readonly file: string;
  readonly variant: string | null;
  readonly error: string;
  readonly configuration: string;
  readonly first: string;
  readonly share: number;
  readonly explanations: readonly Explained[];
}

const planted: readonly Planted[] = JSON.parse(textOf("planted/index.json"));
const known = planted.filter(({ variant }) => variant !== null);

/** Both engines find the same, one of them with less precision: each file is tried on one of the two, and with DEIT_LONG on both. */
const perEngine = (engine: string): readonly Planted[] =>
  process.env["DEIT_LONG"] === "1" ? planted : planted.filter((_, i) => i % 2 === (engine === "reference" ? 0 : 1));

/** Every file in `npm run test:slow` and `npm run test:long`, and a sample of one in SAMPLE in `npm test`. */
const SAMPLE = 8;
const triedOn = (engine: string): readonly Planted[] => perEngine(engine).filter((_, i) => lane !== "fast" || i % SAMPLE === 0);

/** An engine of f32 is held to this share of a tensor's scale: what is less wrong looks right to it. */
const SEEN_IN_F32 = tolerances.recording.f32.bound;

/** A step of which the file lacks something may stay without a name. */
const nameOf = ({ variant, decided }: Explained, found: string | null | undefined): string | null =>
  decided || found !== null ? variant : null;

describe("planted errors", () => {
  it("cover the catalogue, most of it in three or more configurations", () => {
    const places = catalogue.map(
      ({ name }) => new Set(known.filter(({ variant }) => variant === name).map((row) => row.configuration)).size,
    );
    expect(catalogue.filter((_, i) => places[i] === 0)).toEqual([]);
    expect(places.filter((count) => count >= 3).length / places.length).toBeGreaterThan(0.7);
  });

  it("are large enough for f32 engines", () => {
    const shares = ({ share, explanations }: Planted): readonly number[] => [share, ...explanations.map((step) => step.share)];
    expect(planted.filter((row) => Math.min(...shares(row)) <= SEEN_IN_F32)).toEqual([]);
  });

  inEachPrecision(({ made, name }) => {
    it.each(triedOn(name))("$error in $configuration is located, and each wrong step named only if it is known", async (row) => {
      const { engine } = await made;
      const { first, findings, explanations } = await verify(engine, readRecording(bytesOf(`planted/${row.file}`)));
      const steps = explanations.map(({ at, variant, count }) => ({ at, variant, count }));
      expect(first?.name).toBe(row.first);
      expect(steps).toEqual(
        row.explanations.map((step, i) => ({ at: step.at, variant: nameOf(step, steps[i]?.variant), count: step.count })),
      );
      expect(findings?.explanation?.variant ?? null).toBe(steps[0]?.variant);
    });
  });
});
