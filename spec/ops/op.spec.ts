/** What `defineOp` adds to a definition: path, shapes, region, visitor, fused kernel. */
import { describe, expect, it } from "vitest";
import { abstractEngine } from "../../src/engines/abstract/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Call, Fused, Kernels } from "../../src/kernels/kernels.ts";
import { deitLogits, deitLogitsOf, deitPredict, type DeitAttrs, type DeitInputs } from "../../src/model/deit.ts";
import { block } from "../../src/model/block.ts";
import { deitConfig, type DeitConfig } from "../../src/model/config.ts";
import type { Logits } from "../../src/model/heads.ts";
import { initialParams } from "../../src/model/init.ts";
import { layerNorm } from "../../src/ops/layerNorm.ts";
import { keepMask } from "../../src/ops/keepMask.ts";
import { fuse, fusedTable, inference, observe, unfused, withoutFusion } from "../../src/ops/observe.ts";
import { defineOp, defineRoutine, type Op } from "../../src/ops/op.ts";
import { parts } from "../../src/ops/parts.ts";
import { rematerialise } from "../../src/ops/rematerialise.ts";
import { residual } from "../../src/ops/residual.ts";
import { softmax } from "../../src/ops/softmax.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { size, type Tensor } from "../../src/tensor/tensor.ts";
import { deitAttrs } from "../../src/train/step/deitTask.ts";

const engines = [
  ["reference", referenceEngine],
  ["abstract", abstractEngine],
] as const;

const ones = (k: Kernels, ...shape: number[]): Tensor => k.upload(shape, new Float64Array(size(shape)).fill(1));
const tiny: DeitConfig = deitConfig("deit-tiny-distilled", { imageSize: 8, patchSize: 4, width: 6, depth: 2, heads: 2, classes: 3 });

interface X {
  readonly x: Tensor;
}
const doubled: Op<X, null> = defineOp<X, null>({
  name: "doubled",
  forward: (k, { x }) => ({ out: k.scale(x, 2), saved: null }),
  vjp: (k, _, d) => ({ x: k.scale(d, 2) }),
});

describe("paths", () => {
  it("join labels by dots; an op without a label appears under its name", () => {
    const { kernels } = referenceEngine();
    const paths: string[] = [];
    const k = observe(kernels, { after: ({ path }) => paths.push(path) });
    const part = parts({ probs: softmax });
    const outer = defineOp<X, null>({
      name: "outer",
      forward: (inner, { x }) => ({ out: part.probs.forward(inner, { z: x }).out, saved: null }),
      vjp: (_, __, d) => ({ x: d }),
    });
    outer.forward(k.at("blocks.1").at("attn"), { x: ones(k, 2) });
    softmax.forward(k, { z: ones(k, 2) });
    expect(paths).toEqual(["blocks.1.attn.probs", "blocks.1.attn", "softmax"]);
  });

  it("of an inline op's parts lead directly from its caller", () => {
    const { kernels } = referenceEngine();
    const paths: string[] = [];
    const k = observe(kernels, { after: ({ path }) => paths.push(path) });
    const inline = defineOp<X, null>({
      name: "inline",
      inline: true,
      forward: (inner, { x }) => ({ out: doubled.forward(inner.at("part"), { x }).out, saved: null }),
      vjp: (_, __, d) => ({ x: d }),
    });
    inline.forward(k.at("attn"), { x: ones(k, 2) });
    expect(paths).toEqual(["attn.part", "attn/inline"]);
  });
});

describe("errors", () => {
  it("carry the path of the innermost op, once", () => {
    const { kernels: k } = referenceEngine();
    const part = parts({ norm1: layerNorm });
    const outer = defineOp<X, null>({
      name: "outer",
      forward: (inner, { x }) => ({
        out: part.norm1.forward(inner, { x, params: { weight: ones(k, 4), bias: ones(k, 3) } }, { eps: 1 }).out,
        saved: null,
      }),
      vjp: (_, __, d) => ({ x: d }),
    });
    expect(() => outer.forward(k.at("blocks.3"), { x: ones(k, 2, 3) })).toThrow(
      /^blocks\.3\.norm1: layerNorm: params\.weight must be \[D\] with D = 3 \(from x\), got \[4\]$/,
    );
  });

  it("say that they come from a VJP", () => {
    const { kernels: k } = referenceEngine();
    const { saved } = softmax.forward(k, { z: ones(k, 2, 3) });
    expect(() => softmax.vjp(k.at("probs"), saved, ones(k, 2, 4))).toThrow(
      "probs (vjp): softmax: dOut must be [..., K] with ... = 2 (from saved.s), K = 3 (from saved.s), got [2, 4]",
    );
  });

  it.each([
    [
      "layer norm's ε",
      (k: Kernels) => layerNorm.forward(k, { x: ones(k, 3), params: { weight: ones(k, 3), bias: ones(k, 3) } }, { eps: 0 }),
      "layerNorm: eps must be > 0, got 0",
    ],
    [
      "an image that patches do not tile",
      (k: Kernels) => deitLogits.forward(k, { images: ones(k, 1, 3, 9, 9), params: initialParams(k, tiny, keyOf(1)) }, deitAttrs(k, tiny)),
      "patches: patchSize must divide the image side 9, got 4",
    ],
    [
      "heads that do not divide the width",
      (k: Kernels) =>
        deitLogits.forward(
          k,
          { images: ones(k, 1, 3, 8, 8), params: initialParams(k, tiny, keyOf(1)) },
          { ...deitAttrs(k, tiny), heads: 4 },
        ),
      "blocks.0.attn.split: splitHeads: heads must divide D = 6, got 4",
    ],
  ])("refuse %s", (_, call, message) => {
    expect(() => call(referenceEngine().kernels)).toThrow(message);
  });
});

describe("visitors", () => {
  it("nest: before an op from the outside in, after it from the inside out", () => {
    const { kernels } = referenceEngine();
    const seen: string[] = [];
    const note =
      (name: string): ((call: Call) => void) =>
      (call) =>
        void seen.push(`${name} ${call.phase} ${call.op}`);
    const k = observe(observe(kernels, { before: note("outer before"), after: note("outer after") }), {
      before: note("inner before"),
      after: note("inner after"),
    });
    const { saved } = doubled.forward(k, { x: ones(k, 2) });
    doubled.vjp(k, saved, ones(k, 2));
    expect(seen).toEqual(
      ["forward", "vjp"].flatMap((phase) =>
        ["outer before", "inner before", "inner after", "outer after"].map((name) => `${name} ${phase} doubled`),
      ),
    );
  });

  it("may replace an output and an incoming cotangent", async () => {
    const engine = referenceEngine();
    const k = observe(engine.kernels, { replace: (_, t) => engine.kernels.upload(t.shape, [10, 20]) });
    const { out, saved } = doubled.forward(k, { x: ones(k, 2) });
    const { x } = doubled.vjp(k, saved, ones(k, 2));
    expect([...(await engine.read(out)), ...(await engine.read(x))]).toEqual([10, 20, 20, 40]);
  });

  it("see a routine as a run", () => {
    const { kernels } = referenceEngine();
    const phases: string[] = [];
    const k = observe(kernels, { after: ({ phase }) => phases.push(phase) });
    defineRoutine<X>({ name: "draw", run: (inner, { x }) => inner.exp(x) }).run(k, { x: ones(k, 1) });
    expect(phases).toEqual(["run"]);
  });
});

describe("fused kernels", () => {
  const fake: typeof softmax = { name: "softmax", forward: (_, { z }) => ({ out: z, saved: { s: z } }), vjp: (_, __, d) => ({ z: d }) };

  it("replace the op that they are paired with, except under `withoutFusion`", async () => {
    const engine = referenceEngine();
    const k = engine.kernels.within({ fused: fusedTable(fuse(softmax, fake)) });
    const run = async (kernels: Kernels): Promise<number> => (await engine.read(softmax.forward(kernels, { z: ones(k, 2) }).out))[0] ?? NaN;
    expect([await run(k), await run(withoutFusion(k, softmax)), await run(withoutFusion(k, layerNorm))]).toEqual([1, 0.5, 1]);
  });

  it("must return the shapes of the definition", () => {
    const { kernels } = referenceEngine();
    const wrong: typeof softmax = { ...fake, forward: (k, { z }) => ({ out: k.sumLast(z), saved: { s: z } }) };
    const k = kernels.within({ fused: fusedTable(fuse(softmax, wrong)) });
    expect(() => softmax.forward(k, { z: ones(k, 2, 3) })).toThrow("softmax: out must be [..., K]");
  });

  it("run after the check of the definition", () => {
    const { kernels } = referenceEngine();
    const accepting: Fused<typeof layerNorm> = { forward: (k, { x, params }) => layerNorm.forward(unfused(k), { x, params }, { eps: 1 }) };
    const k = kernels.within({ fused: fusedTable(fuse(layerNorm, accepting)) });
    const inputs = { x: ones(k, 3), params: { weight: ones(k, 3), bias: ones(k, 3) } };
    layerNorm.forward(k, inputs, { eps: 2 });
    expect(() => layerNorm.forward(k, inputs, { eps: 0 })).toThrow("layerNorm: eps must be > 0, got 0");
  });

  it("of a routine run after its check", () => {
    const { kernels } = referenceEngine();
    const k = kernels.within({ fused: fusedTable(fuse(keepMask, { run: (inner, _, { shape }) => inner.zeros(shape) })) });
    expect(() => keepMask.run(k, null, { key: keyOf(1), shape: [2], rate: 1 })).toThrow("keepMask: rate must be in [0, 1), got 1");
  });

  describe("with `infer`", () => {
    const inferring = (kernels: Kernels): Kernels =>
      kernels.within({ fused: fusedTable(fuse(softmax, { infer: (k, { z }) => k.scale(z, 3) })) });

    it("run `infer` under inference, and their other functions otherwise", async () => {
      const engine = referenceEngine();
      const k = inferring(engine.kernels);
      const run = async (kernels: Kernels): Promise<number> =>
        (await engine.read(softmax.forward(kernels, { z: ones(k, 2) }).out))[0] ?? NaN;
      expect([await run(k), await run(inference(k)), await run(withoutFusion(inference(k), softmax))]).toEqual([0.5, 3, 0.5]);
    });

    it("return a saved record that the VJP rejects", () => {
      const { kernels } = referenceEngine();
      const k = inferring(kernels);
      const { out, saved } = softmax.forward(inference(k), { z: ones(k, 2) });
      expect(() => softmax.vjp(k, saved, out)).toThrow(
        /^softmax \(vjp\): softmax: inference saves nothing for a vjp; run the forward without/,
      );
    });
  });
});

describe("inference", () => {
  it("frees what ops save", () => {
    const { kernels: k } = referenceEngine();
    const { out, saved } = layerNorm.forward(
      inference(k),
      { x: ones(k, 2, 3), params: { weight: ones(k, 3), bias: ones(k, 3) } },
      { eps: 1 },
    );
    expect(() => layerNorm.vjp(k, saved, out)).toThrow("stale");
  });

  it.each(engines)("on %s needs the memory of one block, at any depth", (_, makeEngine) => {
    const peak = (depth: number): number => {
      const engine = makeEngine();
      const config = { ...tiny, depth };
      const params = initialParams(engine.kernels, config, keyOf(1));
      const images = ones(engine.kernels, 2, 3, 8, 8);
      const before = engine.memory().live;
      let most = 0;
      const k = observe(engine.kernels, { after: () => (most = Math.max(most, engine.memory().live - before)) });
      engine.release(deitPredict(k, { images, params }, deitAttrs(k, config)));
      return most;
    };
    expect(peak(6)).toBe(peak(2));
  });
});

describe("rematerialisation", () => {
  it("shows the second forward as recompute, with bitwise identical results", async () => {
    const engine = referenceEngine();
    const probs = new Map<string, Promise<Float64Array | Float32Array>[]>();
    const k = observe(engine.kernels, {
      after: ({ phase, path }, out) => {
        if ((phase !== "forward" && phase !== "recompute") || !path.endsWith("probs")) return;
        const isProbs = (t: unknown): t is Tensor => typeof t === "object" && t !== null && "block" in t;
        if (isProbs(out)) probs.set(path, [...(probs.get(path) ?? []), engine.read(out)]);
      },
    });
    const params = initialParams(k, tiny, keyOf(1));
    const images = ones(k, 1, 3, 8, 8);
    const model = deitLogitsOf(rematerialise(block));
    k.region("both", () => {
      const { out, saved } = model.forward(k, { images, params }, deitAttrs(k, tiny));
      model.vjp(k, saved, { head: out.head, head_dist: out.head });
      return null;
    });
    expect([...probs.keys()]).toEqual(["blocks.0.attn.probs", "blocks.1.attn.probs"].toSorted());
    for (const reads of probs.values()) {
      const [first, second] = await Promise.all(reads);
      expect(second).toEqual(first);
    }
  });

  it("saves less", () => {
    const saved = <S>(model: Op<DeitInputs, S, DeitAttrs, Logits>): number => {
      const engine = abstractEngine();
      const k = engine.kernels;
      const params = initialParams(k, tiny, keyOf(1));
      const images = ones(k, 1, 3, 8, 8);
      const before = engine.memory().live;
      model.forward(k, { images, params }, deitAttrs(k, tiny));
      return engine.memory().live - before;
    };
    expect(saved(deitLogitsOf(rematerialise(block)))).toBeLessThan(saved(deitLogits) / 2);
  });
});

describe("aliases", () => {
  it("of a cotangent that residual returns twice are both alive", () => {
    const { kernels: k } = referenceEngine();
    const d = ones(k, 2, 3);
    const { x, branch } = k.region("r", () => residual.vjp(k, { multiplier: null }, d));
    expect([x, branch]).toEqual([d, d]);
    k.add(x, branch);
  });
});
