/** DeiT-Ti⚗ at full size, in f64: the derivative of the loss along random directions of all parameters and pixels. */
import { describe, expect, it } from "vitest";
import { drawOf } from "../../src/check/draw.ts";
import { evaluate, hostArray, type HostArray, type Leaves } from "../../src/check/host.ts";
import { derivative } from "../../src/check/stencil.ts";
import { referenceBounds } from "../../src/check/tolerance.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { deitConfig } from "../../src/model/config.ts";
import { deitLogits, type DeitInputs, type DeitSaved } from "../../src/model/deit.ts";
import type { Logits } from "../../src/model/heads.ts";
import { initialParams } from "../../src/model/init.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { mapTree, named } from "../../src/tensor/tree.ts";
import { deitAttrs } from "../../src/train/step/deitTask.ts";
import { smoothedTargets } from "../../src/train/step/mixedBatch.ts";
import { objective, type Distillation } from "../../src/train/step/objective.ts";

const key = keyOf(1);
const config = deitConfig("deit-tiny-distilled");
const losses: { readonly [name: string]: Distillation } = {
  plain: { kind: "none" },
  soft: { kind: "soft", lambda: 0.3, tau: 3, divideBy: "batch", direction: "teacher-first", student: "distillation" },
  hard: { kind: "hard", alpha: 0.5, student: "distillation" },
};
const DIRECTIONS = 3;

const engine = referenceEngine();
const k = engine.kernels;
// initial biases and tokens are zero or small; a random shift makes every term matter
const draw = drawOf(fold(key, "point"));
const point: DeitInputs = {
  images: k.upload([1, 3, 224, 224], draw.array([1, 3, 224, 224]).data),
  params: mapTree(initialParams(k, config, key), (t) => k.add(t, k.upload(t.shape, draw.array(t.shape, { deviation: 0.05 }).data))),
};
const labels = k.upload([1], [7]);
const teacher = k.upload([1, 1000], draw.array([1, 1000], { deviation: 2 }).data);

/** A unit direction over all leaves. */
function direction(i: number): Leaves {
  const drawn = drawOf(fold(fold(key, "direction"), i));
  const raw = [...named(point)].map(([name, t]) => [name, drawn.array(t.shape)] as const);
  const length = Math.sqrt(raw.reduce((sum, [, v]) => sum + v.data.reduce((a, x) => a + x * x, 0), 0));
  return new Map(
    raw.map(([name, v]) => [
      name,
      hostArray(
        v.shape,
        v.data.map((x) => x / length),
      ),
    ]),
  );
}

/** Each loss from one forward, with its cotangents. */
function lossesOf(kernels: Kernels, logits: Logits): readonly (readonly [string, ReturnType<typeof objective>])[] {
  const target = smoothedTargets(kernels, labels, config.classes, { share: 0.1, over: "all" });
  return Object.entries(losses).map(([name, loss]) => [name, objective(kernels, logits, { target, teacher }, loss)]);
}

const moved = (kernels: Kernels, along: Leaves, h: number): DeitInputs =>
  mapTree(point, (t: Tensor, name) => kernels.add(t, kernels.scale(kernels.upload(t.shape, along.get(name)?.data ?? []), h)));

const number = (a: HostArray | undefined): number => a?.data[0] ?? NaN;

describe("DeiT-Ti⚗ at 224, batch 1", () => {
  it("has the gradients by finite differences, for plain, soft and hard loss from one forward", { timeout: 300_000 }, async () => {
    const directions = Array.from({ length: DIRECTIONS }, (_, i) => direction(i));

    // ⟨grad, v⟩ for each loss and direction
    const analytic = new Map<string, readonly { readonly inner: number; readonly mass: number }[]>();
    const { out, saved }: { out: Logits; saved: DeitSaved } = deitLogits.forward(k, point, deitAttrs(k, config));
    for (const [name, { dLogits }] of lossesOf(k, out)) {
      const grads = await evaluate(engine, (kernels) => deitLogits.vjp(kernels, saved, dLogits));
      const along = directions.map((v) => {
        let [inner, mass] = [0, 0];
        for (const [leafName, { data }] of v) {
          const g = grads.get(leafName)?.data ?? new Float64Array();
          for (let i = 0; i < data.length; i++) {
            const part = (g[i] ?? NaN) * (data[i] ?? NaN);
            inner += part;
            mass += Math.abs(part);
          }
        }
        return { inner, mass };
      });
      analytic.set(name, along);
    }
    engine.release({ out, saved: [] });

    const worst = new Map<string, number>();
    for (const [d, v] of directions.entries()) {
      const values = new Map<number, Leaves>();
      const at = async (h: number): Promise<Leaves> => {
        const seen =
          values.get(h) ??
          (await evaluate(engine, (kernels) => {
            const { out: logits } = deitLogits.forward(kernels.within({ saves: false }), moved(kernels, v, h), deitAttrs(kernels, config));
            return Object.fromEntries(lossesOf(kernels, logits).map(([name, { loss }]) => [name, loss]));
          }));
        values.set(h, seen);
        return seen;
      };
      for (const [name, along] of analytic) {
        const numeric = await derivative(async (h) => number((await at(h)).get(name)));
        const { inner, mass } = along[d] ?? { inner: NaN, mass: 1 };
        worst.set(name, Math.max(worst.get(name) ?? 0, Math.abs(numeric - inner) / mass));
        expect(Math.abs(numeric / inner - 1), `${name}, direction ${d}: ${numeric} against ${inner}`).toBeLessThan(
          referenceBounds.wholeModel.bound,
        );
      }
    }
    console.log("worst directional error, of the sum of |contributions|:", Object.fromEntries(worst));
  });
});
