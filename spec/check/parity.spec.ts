/** A fused kernel must equal its op's definition: the law of parity, and the row for routines. */
import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import type { Engines } from "../../src/check/engines.ts";
import { laws, worstLaw } from "../../src/check/laws/laws.ts";
import { runRow } from "../../src/check/laws/row.ts";
import { fusedRoutinesRow } from "../../src/laws/identities/fusedRoutines.ts";
import { allSubjects } from "../../src/laws/cases/subjects.ts";
import { keepMask } from "../../src/ops/keepMask.ts";
import { layerNorm } from "../../src/ops/layerNorm.ts";
import { softmax } from "../../src/ops/softmax.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { mapTree } from "../../src/tensor/tree.ts";
import { adamwLeaf, adamwLeaves } from "../../src/train/optimizer/adamw.ts";
import { averagedLeaves } from "../../src/train/optimizer/averaged.ts";
import { cutMix } from "../../src/train/mixing/cutMix.ts";
import { emaLeaf, emaLeaves } from "../../src/train/optimizer/ema.ts";
import { clippedLeaves, normOfLeaves } from "../../src/train/optimizer/clip.ts";
import { nextLossScale, unscaledLeaf, unscaledLeaves } from "../../src/train/optimizer/lossScale.ts";
import { mixup } from "../../src/train/mixing/mixup.ts";
import { normalisePixels } from "../../src/train/mixing/normalisePixels.ts";
import { sgdLeaf } from "../../src/train/optimizer/sgd.ts";
import { runningStatistics } from "../../src/teacher/runningStatistics.ts";
import { inEachPrecision, type Suite } from "../helpers/engines.ts";
import { enginesWith, planted, right, type PlantedError } from "../helpers/planted.ts";
import { unfused } from "../../src/ops/observe.ts";

const CASES = 5;

/** For each law, its largest error for an op in some cases, as a share of its tolerance. */
async function shares({ made }: Suite, name: string, error: PlantedError | null): Promise<ReadonlyMap<string, number>> {
  const engines = await made;
  const chosen = error === null ? engines : enginesWith(engines, error);
  const subject = allSubjects.find((s) => s.name === name);
  if (subject === undefined) throw new Error(`no subject ${name}`);
  const worst = new Map<string, number>();
  for (let i = 0; i < CASES; i++)
    for (const law of laws) {
      const { share } = await worstLaw(subject, chosen, drawOf(fold(keyOf(3), i), engines.engine.precision), [law]);
      worst.set(law.name, Math.max(worst.get(law.name) ?? 0, share));
    }
  return worst;
}

const offOf = (worst: ReadonlyMap<string, number>): readonly string[] =>
  [...worst].filter(([, share]) => !(share <= 1)).map(([law]) => law);

inEachPrecision((suite) => {
  describe("the law of parity", () => {
    it("accepts a kernel that computes the same in another order", async () => {
      const other = planted(softmax, "of shifted logits, which is the same", {
        forward: (k, { z }, attrs) => right(softmax).forward(k, { z: k.addScalar(z, 0.3) }, attrs),
      });
      const worst = await shares(suite, "softmax", other);
      expect(offOf(worst)).toEqual([]);
      expect(worst.get("parity")).toBeGreaterThan(0);
    });

    it("rejects a wrong output", async () => {
      const error = planted(softmax, "a thousandth too much", {
        forward: (k, inputs, attrs) => {
          const { out, saved } = right(softmax).forward(k, inputs, attrs);
          return { out: k.scale(out, 1.001), saved };
        },
      });
      expect(offOf(await shares(suite, "softmax", error))).toContain("parity");
    });

    it("rejects another saved record, even if output and gradients are right", async () => {
      const error = planted(layerNorm, "r² saved instead of r", {
        forward: (k, inputs, attrs) => {
          const { out, saved } = right(layerNorm).forward(k, inputs, attrs);
          return { out, saved: { ...saved, rstd: k.square(saved.rstd) } };
        },
        vjp: (k, saved, dy) => right(layerNorm).vjp(k, { ...saved, rstd: k.sqrt(saved.rstd) }, dy),
      });
      expect(offOf(await shares(suite, "layerNorm", error))).toEqual(["parity"]);
    });

    it("rejects a wrong part of a composed op", async () => {
      const error = planted(softmax, "its VJP half as large", {
        vjp: (k, saved, d) => mapTree(right(softmax).vjp(k, saved, d), (t) => k.scale(t, 0.5)),
      });
      expect(offOf(await shares(suite, "attention", error))).toContain("parity");
    });

    it("is exact without a fused kernel", async () => {
      const { engine, reference } = await suite.made;
      const plain = { engine: { ...engine, kernels: unfused(engine.kernels) }, reference };
      expect((await shares({ ...suite, made: Promise.resolve(plain) }, "attention", null)).get("parity")).toBe(0);
    });
  });

  describe("a routine's fused kernel with an error of a thousandth is rejected:", () => {
    it.each(
      [
        adamwLeaf,
        adamwLeaves,
        averagedLeaves,
        sgdLeaf,
        emaLeaf,
        emaLeaves,
        runningStatistics,
        unscaledLeaf,
        unscaledLeaves,
        normOfLeaves,
        clippedLeaves,
        nextLossScale,
        keepMask,
        mixup,
        cutMix,
        normalisePixels,
      ].map((routine) => [routine.name, routine] as const),
    )("%s", async (name, routine) => {
      const wrong = {
        name,
        run: (...[k, ...rest]: Parameters<typeof routine.run>) =>
          mapTree(Reflect.apply(routine.run, undefined, [unfused(k), ...rest]), (t) => k.scale(t, 1.001)),
      };
      const engines = await suite.made;
      const statusOn = async (on: Engines): Promise<string> => (await runRow(fusedRoutinesRow, on, { cases: CASES, seed: 3 })).status;
      expect([await statusOn(engines), await statusOn(enginesWith(engines, { op: routine, wrong }))]).toEqual(["ok", "off"]);
    });
  });
});
