/** The sums of a step over several ranks, which live in one process here. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { referenceEngine, roundedEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import type { DeitConfig } from "../../src/model/config.ts";
import { deitLogits, type DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { linear, type LinearParams } from "../../src/ops/linear.ts";
import { fold, keyOf } from "../../src/tensor/key.ts";
import { mapTree, named } from "../../src/tensor/tree.ts";
import { stepSums } from "../../src/train/run/sumOverRanks.ts";
import { deitTask } from "../../src/train/step/deitTask.ts";
import { gradientsOf } from "../../src/train/step/gradients.ts";
import type { Task } from "../../src/train/step/task.ts";
import { memoryRanks, type MemoryRank } from "../ranks/memoryRanks.ts";
import { tiny } from "./tiny.ts";

const BATCH = 8;
const key = keyOf(11);

/** Just wide enough for two buckets. */
const config: DeitConfig = { ...tiny.model, width: 160, depth: 1, mlpRatio: 4 };
/** The numbers of `patch_embed.proj.weight`. The gradient is reshaped after its VJP, into another tensor, so it is sent again in the end. */
const SENT_TWICE = config.width * config.channels * config.patchSize ** 2;
const student = deitTask({ config, model: deitLogits, dropPath: 0.2, dropout: 0, distillation: { kind: "none" } });

/** What a rank has after a step. */
interface Summed {
  /** A digest of the bits of loss and gradients. */
  readonly bits: string;
  /** How many numbers these are. */
  readonly count: number;
  readonly stopping: boolean;
  /** How many sums had begun when the backward pass ended. */
  readonly early: number;
}

interface Step<P, S> {
  readonly engine: Engine;
  readonly task: Task<P, null, S>;
  readonly initial: (k: Kernels) => P;
  readonly watching: boolean;
  readonly stopping?: boolean;
  /** Samples of a micro-batch; default: the rank's share. */
  readonly micro?: number;
}

async function stepOf<P, S>({ ranks, sent }: MemoryRank, step: Step<P, S>): Promise<Summed> {
  const { engine, task, initial, watching, stopping = false } = step;
  const k = engine.kernels;
  const params = initial(k);
  const own = BATCH / ranks.count;
  const first = ranks.rank * own;
  const rows = { from: first, to: first + own };
  const { channels, imageSize, classes } = config;
  const batch = {
    images: k.slice(k.uniform(fold(key, "images"), [BATCH, channels, imageSize, imageSize]), 0, rows.from, rows.to),
    target: k.slice(k.uniform(fold(key, "target"), [BATCH, classes]), 0, rows.from, rows.to),
    teacher: null,
  };
  const sums = stepSums(engine, { ranks, how: { kind: "ordered" } }, watching ? new Set(named(params).keys()) : new Set());
  const state = { params, buffers: null, lossScale: null };
  const division = { key, first, of: BATCH, micro: step.micro ?? own };
  const made = k.region("gradients", () => gradientsOf(sums.watched(k), task, state, batch, division));
  const early = sent.length;
  const together = await sums.finish(made, stopping);
  const { loss, grads } = together.made;
  const digest = createHash("sha256");
  let count = 0;
  for (const [name, t] of named({ loss, grads })) {
    const numbers = await engine.read(t);
    count += numbers.length;
    digest.update(name).update(numbers);
  }
  return { bits: digest.digest("hex"), count, stopping: together.stopping, early };
}

const engines: readonly (readonly [string, () => Promise<Engine>])[] = [
  ["f32", async () => roundedEngine()],
  ["wasm", () => wasmEngine()],
];

const initial = (k: Kernels): DeitParams => initialParams(k, config, fold(key, "init"));

/** All ranks after a step, and the lengths of the buckets that each has sent. */
interface Together {
  readonly made: readonly Summed[];
  readonly sent: readonly (readonly number[])[];
}

/** A step of all ranks, each on an engine of its own. */
async function together(count: number, make: () => Promise<Engine>, watching: boolean): Promise<Together> {
  const all = memoryRanks(count);
  const made = await Promise.all(all.map(async (rank) => stepOf(rank, { engine: await make(), task: student, initial, watching })));
  return { made, sent: all.map(({ sent }) => sent) };
}

describe.each(engines)("the sums of a step in %s", (_, make) => {
  it("are the same bits, whether gradients are sent as they are computed or at the end, and those of one process", async () => {
    const [watched, atEnd] = [await together(2, make, true), await together(2, make, false)];
    const [first] = watched.made;
    for (const { bits } of [...watched.made, ...atEnd.made]) expect(bits).toBe(first?.bits);
    expect(watched.made.map(({ early }) => early)).toEqual([1, 1]);
    expect(atEnd.made.map(({ early }) => early)).toEqual([0, 0]);

    // two buckets of gradients, and one of the rest: the same in the same order from every rank, and each number once
    const total = first?.count ?? NaN;
    for (const { sent, twice } of [
      { ...watched, twice: SENT_TWICE },
      { ...atEnd, twice: 0 },
    ]) {
      expect(sent[1]).toEqual(sent[0]);
      expect([sent[0]?.length, sent[0]?.reduce((sum, length) => sum + length, 0)]).toEqual([3, total + twice + 1]); // 1: the wish to stop
    }

    const [alone] = memoryRanks(1);
    const divided = alone && (await stepOf(alone, { engine: await make(), task: student, initial, watching: false, micro: BATCH / 2 }));
    expect(divided?.bits).toBe(first?.bits);
  });
});

/** One linear layer, used once or twice: y = f(f(x)). */
const chain = (uses: 1 | 2): Task<{ readonly f: LinearParams }, null, null> => ({
  lossAndGrads: (k, { params: { f } }, { target }, _, dLoss) => {
    const of = k.within({ label: "f" });
    const first = linear.forward(of, { x: target, params: f });
    const second = uses === 1 ? null : linear.forward(of, { x: first.out, params: f });
    const loss = k.reshape(k.sumLeading(k.sumLast(second?.out ?? first.out), 1), []);
    const dOut = k.mul(k.addScalar(k.zeros(target.shape), 1), dLoss);
    const later = second === null ? null : linear.vjp(of, second.saved, dOut);
    const { params: earlier } = linear.vjp(of, first.saved, later?.x ?? dOut);
    const others = later && named(later.params);
    return {
      loss,
      truth: null,
      grads: { f: others ? mapTree(earlier, (t, name) => k.add(t, others.get(name) ?? t)) : earlier },
      statistics: null,
    };
  },
  moveOn: () => null,
});

const K = config.classes;
const initialChain = (k: Kernels): { readonly f: LinearParams } => ({
  f: { weight: k.uniform(fold(key, "w"), [K, K]), bias: k.uniform(fold(key, "b"), [K]) },
});

describe("a parameter that is used twice", () => {
  const summed = async (uses: 1 | 2, watching: boolean) => {
    const all = memoryRanks(2);
    const step = { task: chain(uses), initial: initialChain, watching };
    const made = await Promise.all(all.map((rank) => stepOf(rank, { ...step, engine: referenceEngine() })));
    return { bits: made.map(({ bits }) => bits), length: all[0]?.sent.reduce((total, one) => total + one, 0) };
  };

  it("is sent again at the end, when its gradient is whole", async () => {
    const [watched, atEnd] = [await summed(2, true), await summed(2, false)];
    expect(watched.bits).toEqual(atEnd.bits);
    const ofLayer = K * K + K;
    expect([watched.length, atEnd.length]).toEqual([3 * ofLayer + 2, ofLayer + 2]);
    expect((await summed(1, true)).length).toBe(ofLayer + 2);
  });
});

describe("a rank that wants to stop", () => {
  it.each([0, 1, 3])("stops all: rank %i of 4", async (who) => {
    const step = { task: chain(1), initial: initialChain, watching: true };
    const stopping = memoryRanks(4).map((rank, i) => stepOf(rank, { ...step, engine: roundedEngine(), stopping: i === who }));
    expect((await Promise.all(stopping)).map((made) => made.stopping)).toEqual([true, true, true, true]);
  });

  it("is none: nobody stops", async () => {
    const step = { task: chain(1), initial: initialChain, watching: true };
    const going = memoryRanks(4).map((rank) => stepOf(rank, { ...step, engine: roundedEngine() }));
    expect((await Promise.all(going)).map((made) => made.stopping)).toEqual([false, false, false, false]);
  });
});
