import { describe, expect, it } from "vitest";
import { readRecording } from "../../src/recording/read.ts";
import { catalogue } from "../../src/recording/variants/catalogue.ts";
import { verify } from "../../src/recording/verify.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { bytesOf, textOf } from "../helpers/fixtures.ts";

/** fixtures/planted/plant.py says what the fields are. */
interface Planted {
  readonly file: string;
  readonly variant: string | null;
  readonly error: string;
  readonly first: string;
}

const planted: readonly Planted[] = JSON.parse(textOf("planted/index.json"));

describe("planted errors", () => {
  it("cover the catalogue", () => {
    const covered = new Set(planted.map(({ variant }) => variant));
    expect(catalogue.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
  });

  onEachEngine(({ made, large }) => {
    it.each(planted.filter((_, i) => large || i % 10 === 0))(
      "$error is located, and named only if it is known",
      async ({ file, variant, first }) => {
        const { engine } = await made;
        const found = await verify(engine, readRecording(bytesOf(`planted/${file}`)));
        expect({ first: found.first?.name, variant: found.findings?.explanation?.variant ?? null }).toEqual({ first, variant });
      },
    );
  });
});
