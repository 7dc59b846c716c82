/** The order of images: plain permutations, and repeated augmentation as the authors' sampler has it (fixtures/sampler). */
import { describe, expect, it } from "vitest";
import { checkOrder, inOrder, trainingOrder, viewOf, viewsPerReplica, type OrderSettings } from "../../../src/data/loader/sampler.ts";
import { keyOf } from "../../../src/tensor/key.ts";
import { textOf } from "../../helpers/fixtures.ts";

interface Lists {
  readonly selected: readonly number[];
  readonly before_selection: readonly number[];
}

interface Fixture {
  readonly permutations: Readonly<Record<string, readonly number[]>>;
  readonly cases: readonly {
    readonly n: number;
    readonly replicas: number;
    readonly repeats: number;
    readonly num_samples_per_replica: number;
    readonly num_selected: number;
    readonly ranks: readonly Lists[];
  }[];
}

const { permutations, cases }: Fixture = JSON.parse(textOf("sampler/sampler.json"));

describe("the authors' sampler", () => {
  it.each(cases)("n = $n, $replicas replicas, $repeats repeats", ({ n, num_samples_per_replica, num_selected, ranks, ...sampling }) => {
    const order = permutations[`${n}`] ?? [];
    expect(order).toHaveLength(n);
    for (const [r, { selected, before_selection }] of ranks.entries()) {
      const list = Array.from({ length: num_samples_per_replica }, (_, j) => viewOf(order, sampling, r, j).sample);
      expect(list.slice(0, before_selection.length)).toEqual(before_selection);
      expect(list.slice(0, num_selected)).toEqual(selected);
    }
    expect(viewsPerReplica(n, sampling)).toBe(sampling.repeats > 1 ? num_selected : Math.floor(n / sampling.replicas));
  });

  it("gives ImageNet the epochs of deit.md 7.11", () => {
    const n = 1_281_167;
    expect([4, 8, 16].map((replicas) => viewsPerReplica(n, { repeats: 3, replicas }))).toEqual([320_256, 160_128, 80_064]);
    const { stepsPerEpoch, request } = trainingOrder(keyOf(0), { name: "ImageNet", count: n }, { batch: 1024, repeats: 3, replicas: 16 });
    expect(stepsPerEpoch).toBe(1251);
    expect(request(0).views).toHaveLength(1024);
  });
});

const set = { name: "synthetic:600", count: 600 };
const settings: OrderSettings = { batch: 24, repeats: 3, replicas: 3 };
const key = keyOf(5);

describe("the order of a training", () => {
  it("without repetition has every image once an epoch, in another order in each", () => {
    const { stepsPerEpoch, request } = trainingOrder(key, set, { batch: 25, repeats: 1, replicas: 1 });
    expect(stepsPerEpoch).toBe(24);
    const epochs = [0, 1].map((epoch) => Array.from({ length: 24 }, (_, i) => request(epoch * 24 + i)));
    for (const [epoch, requests] of epochs.entries()) {
      expect(new Set(requests.map((one) => one.epoch))).toEqual(new Set([epoch]));
      expect(new Set(requests.flatMap(({ views }) => views.map(({ sample }) => sample))).size).toBe(600);
    }
    expect(epochs[0]).not.toEqual(epochs[1]?.map((one) => ({ ...one, epoch: 0 })));
  });

  it("with repetition shows a third of the images, each in three views that are in different groups", () => {
    const { stepsPerEpoch, request } = trainingOrder(key, set, settings);
    expect(stepsPerEpoch).toBe(21); // 512 views, 170 a replica, 8 a batch
    const views = Array.from({ length: stepsPerEpoch }, (_, i) => request(i).views).flat();
    const bySample = new Map<number, Set<number>>();
    for (const { sample, copy } of views) bySample.set(sample, (bySample.get(sample) ?? new Set()).add(copy));
    expect(bySample.size).toBe(168);
    expect(new Set([...bySample.values()].map(({ size }) => size))).toEqual(new Set([3]));
    for (const group of [0, 1, 2]) {
      const own = request(4).views.slice(group * 8, (group + 1) * 8);
      expect(new Set(own.map(({ sample }) => sample)).size).toBe(8);
    }
  });

  it("follows from key and step alone, whatever was asked before", () => {
    const [one, other] = [trainingOrder(key, set, settings), trainingOrder(key, set, settings)];
    for (const step of [0, 1, 2, 21, 22]) one.request(step);
    expect(other.request(22)).toEqual(one.request(22));
    expect(trainingOrder(keyOf(6), set, settings).request(22)).not.toEqual(one.request(22));
  });

  it("needs 256 images to repeat them, and a full batch", () => {
    const small = { name: "digits:test", count: 255 };
    expect(() => checkOrder(small, settings)).toThrow(
      "data: digits:test has 255 images; repeated augmentation (data.repeats = 3) needs at least 256: set data.repeats = 1",
    );
    expect(() => checkOrder(small, { batch: 256, repeats: 1, replicas: 1 })).toThrow(
      "data: digits:test has 255 images, too few for a batch of 256; the largest batch is 255",
    );
    expect(() => checkOrder(small, { batch: 255, repeats: 1, replicas: 1 })).not.toThrow();
    const larger = { name: "photos", count: 300 }; // of which 256 count where images are repeated
    expect(() => checkOrder(larger, { batch: 300, repeats: 3, replicas: 1 })).toThrow(
      "data: photos has 300 images, too few for a batch of 300; the largest batch is 256",
    );
    expect(() => checkOrder(larger, { batch: 256, repeats: 3, replicas: 1 })).not.toThrow();
  });
});

it("an evaluation has all images in order, the last batch with the rest", () => {
  expect([...inOrder(7, 3)].map(({ views }) => views.map(({ sample }) => sample))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
});
