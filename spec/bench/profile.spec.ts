import { describe, expect, it } from "vitest";
import { meterOf, profiled, profiler } from "../../src/bench/profile.ts";
import { costOf, ownCost, phases, type ProfileNode } from "../../src/bench/profileTree.ts";
import { forwardProgram } from "../../src/bench/forward.ts";
import { trainProgram } from "../../src/bench/train.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { deitConfig } from "../../src/model/config.ts";
import { observe } from "../../src/ops/observe.ts";
import { defineOp, defineRoutine, type Op } from "../../src/ops/op.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { wasmEngine } from "../../src/wasm.ts";

interface X {
  readonly x: Tensor;
}

/** A clock that only ops move on. */
let time = 0;
const clock = (): number => time;

const part: Op<X, null> = defineOp<X, null>({
  name: "part",
  forward: (k, { x }) => {
    time += 3;
    return { out: k.scale(x, 2), saved: null };
  },
  vjp: (k, _, d) => {
    time += 10;
    return { x: k.scale(d, 2) };
  },
});

/** Two parts, and 1 ms of its own before and after them. */
const whole: Op<X, null> = defineOp<X, null>({
  name: "whole",
  forward: (k, { x }) => {
    time += 1;
    const first = part.forward(k.at("layers.0"), { x }).out;
    const { out } = part.forward(k.at("layers.1"), { x: first });
    time += 1;
    return { out, saved: null };
  },
  vjp: (k, saved, d) => part.vjp(k.at("layers.0"), saved, part.vjp(k.at("layers.1"), saved, d).x),
});

const update = defineRoutine<X>({
  name: "update",
  run: (_, { x }) => {
    time += 5;
    return x;
  },
});

function watchedWhole(): ProfileNode {
  const engine = referenceEngine();
  const { visitor, watched } = profiler(meterOf(engine, clock));
  const k = observe(engine.kernels, visitor);
  return watched(() => {
    time += 100;
    k.region("run", () => {
      const { out, saved } = whole.forward(k, { x: k.zeros([2]) });
      whole.vjp(k, saved, out);
      update.run(k.at("update.layers.0.weight"), { x: out });
      return null;
    });
  });
}

const child = (node: ProfileNode | undefined, name: string): ProfileNode | undefined =>
  node?.children.find((candidate) => candidate.name === name);

const namesIn = (node: ProfileNode): readonly string[] => [node.name, ...node.children.flatMap(namesIn)];

describe("profiler", () => {
  it("gives the time of an op with and without its parts, by phase", () => {
    const root = watchedWhole();
    const op = child(root, "whole");
    if (op === undefined) throw new Error("no such node");
    expect([costOf(op).ms, ownCost(op).ms]).toEqual([3 + 3 + 2 + 10 + 10, 2]);
    expect(phases.map((phase) => costOf(op, phase).ms)).toEqual([8, 0, 20, 0]);
  });

  it("makes one node of repeated parts, and counts them", () => {
    const layers = child(child(watchedWhole(), "whole"), "layers.*");
    expect(layers).toMatchObject({ places: 2, own: { forward: { ms: 6 }, vjp: { ms: 20 } }, children: [] });
  });

  it("puts routines of the same name together", () => {
    const routine = child(watchedWhole(), "update");
    expect(routine).toMatchObject({ own: { run: { ms: 0 } }, children: [{ name: "layers.*.weight", own: { run: { ms: 5 } } }] });
  });

  it("accounts for all time: the root has the time that no op spends", () => {
    const root = watchedWhole();
    expect([ownCost(root).ms, costOf(root).ms]).toEqual([100, 133]);
  });

  it("sees nothing outside its run", () => {
    const engine = referenceEngine();
    const { visitor, watched } = profiler(meterOf(engine, clock));
    const k = observe(engine.kernels, visitor);
    const once = (own: Kernels): void => void own.region("run", () => part.forward(own, { x: own.zeros([2]) }).out);
    once(k);
    const { children } = watched(() => once(k));
    expect(children).toMatchObject([{ name: "part", places: 1, own: { forward: { ms: 3 } } }]);
  });
});

describe("a profile of DeiT", () => {
  const config = deitConfig("deit-tiny-distilled", { imageSize: 32, depth: 3 });
  const options = { repetitions: 2, peak: null };
  const macsOf = (engine: Engine, run: () => unknown): number => {
    const before = engine.counters().macs;
    run();
    return engine.counters().macs - before;
  };

  it("keeps fused kernels, and has all multiply–adds", async () => {
    const engine = await wasmEngine();
    const { root } = profiled(engine, trainProgram(config, "normal"), 2, options);
    expect(namesIn(root)).toContain("/attention");
    expect(namesIn(root)).not.toContain("probs");
    const twin = await wasmEngine();
    const { run } = trainProgram(config, "normal").work(twin.kernels, 2);
    expect(costOf(root).macs).toBe(macsOf(twin, run));
  });

  it("has the blocks as one node in both directions, and recomputes only in low memory", async () => {
    const blocksOf = async (memory: "normal" | "low"): Promise<ProfileNode | undefined> => {
      const { root } = profiled(await wasmEngine(), trainProgram(config, memory), 1, options);
      return child(child(child(root, "/deitLogits"), "/encoder"), "blocks.*");
    };
    const [normal, low] = [await blocksOf("normal"), await blocksOf("low")];
    if (normal === undefined || low === undefined) throw new Error("no blocks");
    expect([normal.places, low.places]).toEqual([3, 3]);
    const macs = costOf(normal, "forward").macs;
    const T = (32 / 16) ** 2 + 2;
    const pullback = 2 * macs + config.depth * T * T * config.width; // and the scores of each block, computed again
    expect(phases.map((phase) => costOf(normal, phase).macs)).toEqual([macs, 0, pullback, 0]);
    expect(phases.map((phase) => costOf(low, phase).macs)).toEqual([macs, macs, pullback, 0]);
  });

  it("of inference has no vjp", async () => {
    const { root } = profiled(await wasmEngine(), forwardProgram(config), 1, options);
    expect(costOf(root, "vjp").ms).toBe(0);
    expect(costOf(root, "forward").macs).toBe(costOf(root).macs);
  });
});
