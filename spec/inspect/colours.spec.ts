import { z } from "zod";
import { describe, expect, it } from "vitest";
import { gap } from "../../src/check/close.ts";
import { hostArray, type HostArray } from "../../src/check/host.ts";
import { referenceBounds } from "../../src/check/tolerance.ts";
import { cubehelix, warm } from "../../src/inspect/colours.ts";
import { textOf } from "../helpers/fixtures.ts";

const schemes = z
  .array(z.object({ start: z.number(), turns: z.number(), saturation: z.number(), colours: z.array(z.array(z.number())) }))
  .parse(JSON.parse(textOf("inspect/cubehelix.json")));

describe("cubehelix", () => {
  it.each(schemes)("equals matplotlib's from $start in $turns turns", ({ colours: expected, ...scheme }) => {
    const actual = expected.map((_, i) => cubehelix(i / (expected.length - 1), scheme));
    const array = (colours: readonly (readonly number[])[]): HostArray => hostArray([colours.length, 3], colours.flat());
    expect(gap(array(actual), array(expected))).toBeLessThan(referenceBounds.source.bound);
  });

  it("of the maps grows brighter throughout, with the weights that screens give the three colours", () => {
    const brightness = Array.from({ length: 256 }, (_, i) => {
      const [red, green, blue] = cubehelix(i / 255, warm);
      return 0.3 * red + 0.59 * green + 0.11 * blue;
    });
    for (let i = 1; i < brightness.length; i++) expect(brightness[i]).toBeGreaterThan(brightness[i - 1] ?? NaN);
  });

  it("stays black below 0 and white above 1", () => {
    expect([cubehelix(-1, warm), cubehelix(2, warm)]).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
  });
});
