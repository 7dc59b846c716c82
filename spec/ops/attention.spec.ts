/** Attention tile by tile: tiles of keys merged by their λ, and the form of (G12) that recomputes A from λ. */
import { describe, expect, it } from "vitest";
import { attention } from "../../src/ops/attention.ts";
import { inEachPrecision } from "../helpers/engines.ts";
import { planted, verdictWith } from "../helpers/planted.ts";
import { along, recomputed, share, tiled } from "../helpers/tiledAttention.ts";

inEachPrecision(({ made }) => {
  describe("attention without a whole row of A", () => {
    it("is the sum of two tiles of keys, each weighted by its e^λ", async () => {
      const inTiles = planted(attention, "in tiles", { forward: (k, inputs, attrs) => tiled(k, inputs, attrs, (a, b) => share(k, a, b)) });
      expect(await verdictWith(await made, inTiles, "attention")).toBe("op/attention: ok");
    });

    it("has a VJP with A = e^(S − λ) and ⟨Ō, O⟩ for ⟨Ā, A⟩", async () => {
      const again = planted(attention, "from λ", { vjp: (k, saved, dO) => recomputed(k, saved, dO, along(k, saved, dO)) });
      expect(await verdictWith(await made, again, "attention")).toBe("op/attention: ok");
    });
  });
});
