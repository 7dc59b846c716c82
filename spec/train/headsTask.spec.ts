/** The task of the heads alone: loss and gradients are those of the whole network's task, at the cost of a forward pass, on one rank and on two. */
import { describe, expect, it } from "vitest";
import { drawOf, type Draw } from "../../src/check/draw.ts";
import { evaluate, upload, type Leaves } from "../../src/check/host.ts";
import { runRow, type Row } from "../../src/check/laws/row.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { claimsRow, type Claim } from "../../src/laws/cases/claim.ts";
import { drawTask, mixedOn, type TaskCase } from "../../src/laws/identities/deitTask.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import type { DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { mapTree, named } from "../../src/tensor/tree.ts";
import { stepSums } from "../../src/train/run/sumOverRanks.ts";
import type { NetworkTaskSettings } from "../../src/train/step/deitTask.ts";
import { gradientsOf, undivided } from "../../src/train/step/gradients.ts";
import type { Batch } from "../../src/train/step/task.ts";
import { withTrained, type TrainedName } from "../../src/train/step/trainedPart.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { eachRowHolds } from "../helpers/laws.ts";
import { memoryRanks, type MemoryRank } from "../ranks/memoryRanks.ts";
import { tiny } from "./tiny.ts";

/** Loss and gradients of the heads by the task that trains this part. */
const headsBy = (k: Kernels, { key, params, ...drawn }: TaskCase, trained: TrainedName, settings: NetworkTaskSettings): unknown =>
  withTrained(trained, ({ taskWithin, divided }) => {
    const batch = mixedOn(k, { key, params, ...drawn });
    const model = divided(upload<DeitParams>(k, params));
    const dLoss = k.upload([], [8]);
    const { loss, truth, grads } = taskWithin("normal", settings).lossAndGrads(k, model, batch, undivided(key, batch), dLoss);
    const own = [...named(grads)].filter(([name]) => trained === "heads" || name.startsWith("head"));
    return { loss, truth, grads: Object.fromEntries(own) };
  });

/** The row, with the settings of the heads' task changed. */
function rowWith(change: (settings: NetworkTaskSettings) => NetworkTaskSettings): Row {
  const claims = (draw: Draw): readonly Claim[] => {
    const drawn = drawTask(draw, { dropout: draw.oneOf([0, 0.3]), B: draw.integer(1, 4) });
    const { settings } = drawn;
    return [{ actual: (k) => headsBy(k, drawn, "heads", change(settings)), equals: (k) => headsBy(k, drawn, "all", settings) }];
  };
  return claimsRow("heads alone", "loss and gradients of the heads are those of the whole network's task", claims, "linearity");
}

onEachEngine((suite) => {
  eachRowHolds(suite, [rowWith((settings) => settings)], { cases: 50, seed: 5 });
});

onGpu("the task of the heads alone, whose features are replayed from the third call on,", () => {
  it("gives the same bits each time, on images of their own and on others", async () => {
    const engine = webgpuEngine({ device: await gpuDevice({ limits: "default" }), poison: true, epilogues: false });
    const drawn = (seed: number): TaskCase => drawTask(drawOf(keyOf(seed), engine.precision), { dropout: 0, B: 2 });
    const leaves = (images: TaskCase["batch"]): Promise<Leaves> =>
      evaluate(engine, (k) => headsBy(k, { ...drawn(1), batch: images }, "heads", drawn(1).settings));
    const { images, labels } = drawn(1).batch;
    const others = { labels, images: { ...images, data: images.data.toReversed() } };
    const [first, second] = [await leaves(drawn(1).batch), await leaves(others)];
    const { live } = engine.memory();
    for (let i = 0; i < 3; i++) {
      expect(await leaves(drawn(1).batch)).toEqual(first);
      expect(await leaves(others)).toEqual(second);
      expect(engine.memory().live).toBe(live);
    }
    expect(second).not.toEqual(first);
    engine.close();
  });
});

const config: DeitConfig = { ...tiny.model, width: 32 };
const B = 4;
const settings: NetworkTaskSettings = { config, dropPath: 0.2, dropout: 0.1, distillation: { kind: "two-class-tokens" } };
const key = keyOf(7);

function batchOn(k: Kernels): Batch {
  const { channels, imageSize, classes } = config;
  const images = k.uniform(fold(key, "images"), [B, channels, imageSize, imageSize]);
  return { images, target: k.uniform(fold(key, "target"), [B, classes]), teacher: null };
}

describe("the task of the heads alone", () => {
  it("has drop path and dropout: without them the row above fails", async () => {
    const engine = referenceEngine();
    const row = rowWith((drawn) => ({ ...drawn, dropPath: 0, dropout: 0 }));
    expect(await runRow(row, { engine, reference: engine }, { cases: 50, seed: 5 })).toMatchObject({ status: "off" });
  });

  it("takes about a third of the multiply–adds of a step on the whole network", () => {
    const macsOf = (trained: TrainedName): number => {
      const engine = referenceEngine();
      const k = engine.kernels;
      withTrained(trained, ({ taskWithin, divided }) => {
        const model = divided(initialParams(k, config, key));
        taskWithin("normal", settings).lossAndGrads(k, model, batchOn(k), undivided(key, batchOn(k)), k.upload([], [1]));
      });
      return engine.counters().macs;
    };
    const share = macsOf("heads") / macsOf("all");
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.37);
  });

  /** The bits of a step on a rank, and how many numbers it has sent. */
  async function stepOn({ ranks, sent }: MemoryRank, micro: number): Promise<{ readonly made: unknown; readonly sent: number }> {
    const engine = referenceEngine();
    const k = engine.kernels;
    const [own, first] = [B / ranks.count, (B / ranks.count) * ranks.rank];
    const { made } = await withTrained("heads", async ({ taskWithin, divided }) => {
      const model = { ...divided(initialParams(k, config, key)), lossScale: null };
      const batch = mapTree(batchOn(k), (t) => k.slice(t, 0, first, first + own));
      const sums = stepSums(engine, { ranks, how: { kind: "ordered" } }, new Set(named(model.params).keys()));
      const division = { key, first, of: B, micro };
      const { loss, grads } = (
        await sums.finish(
          k.region("gradients", () => gradientsOf(sums.watched(k), taskWithin("normal", settings), model, batch, division)),
          false,
        )
      ).made;
      const reads = [...named({ loss, grads })].map(async ([name, t]) => [name, await engine.read(t)] as const);
      return { made: await Promise.all(reads) };
    });
    return { made, sent: sent.reduce((sum, length) => sum + length, 0) };
  }

  it("gives two ranks the bits of one, and they send the gradients of the heads and nothing else", async () => {
    const [left, right] = await Promise.all(memoryRanks(2).map((rank) => stepOn(rank, B / 2)));
    const [alone] = await Promise.all(memoryRanks(1).map((rank) => stepOn({ ...rank }, B / 2)));
    expect(left?.made).toEqual(alone?.made);
    expect(right?.made).toEqual(alone?.made);
    const { width, classes } = config;
    expect(left?.sent).toBe(2 * (width + 1) * classes + 2); // and the loss, and the wish to stop
  });
});
