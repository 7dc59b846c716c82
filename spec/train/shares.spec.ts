/** How a batch is divided among ranks: which samples each trains on, and which it loads since they are mixed with its own. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { synthetic } from "../../src/data/sources/synthetic.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { deitLogits, type DeitParams } from "../../src/model/deit.ts";
import { initialParams } from "../../src/model/init.ts";
import { keyOf } from "../../src/tensor/key.ts";
import { mixesOf, orderOf, requestsFrom, shareOf } from "../../src/train/run/batches.ts";
import { ownMixed } from "../../src/train/run/stepBatch.ts";
import type { Training } from "../../src/train/run/training.ts";
import { deitTask } from "../../src/train/step/deitTask.ts";
import { mixedBatch } from "../../src/train/step/mixedBatch.ts";
import { tiny } from "./tiny.ts";

/** How a batch is mixed and divided. */
interface Divided {
  /** Groups that are mixed alike, … */
  readonly groups: number;
  /** … of so many samples. */
  readonly group: number;
  readonly ranks: number;
  readonly mixing: boolean;
}

const SIDE = 4;

const bytes = ({ buffer, byteOffset, byteLength }: Float64Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function training({ groups, group, mixing }: Divided): Training<DeitParams, null, null> {
  const { model: config, data } = tiny;
  const target = { classes: config.classes, smoothing: tiny.training.smoothing };
  return {
    task: deitTask({ config, model: deitLogits, dropPath: 0, dropout: 0, distillation: { kind: "none" } }),
    target,
    teacher: null,
    teacherShare: 0,
    initial: (k) => ({ params: initialParams(k, config, keyOf(1)), buffers: null }),
    training: { ...tiny.training, batch: groups * group },
    dataset: synthetic(256, { channels: 1, side: SIDE, classes: config.classes }),
    side: SIDE,
    data,
    mixing: mixing ? { mixup: 0.8, cutmix: 1, probability: 0.8, cutmixShare: 0.5, group } : null,
    group,
    key: keyOf(tiny.seed),
    digest: "shares",
    measurement: null,
  };
}

/** Batches of groups of an even size that divide among the ranks. */
const divided: fc.Arbitrary<Divided> = fc
  .record({
    groups: fc.integer({ min: 1, max: 6 }),
    half: fc.integer({ min: 1, max: 8 }),
    ranks: fc.integer({ min: 1, max: 12 }),
    mixing: fc.boolean(),
  })
  .map(({ half, ...rest }) => ({ ...rest, group: 2 * half }))
  .filter(({ groups, group, ranks }) => (groups * group) % ranks === 0);

const sharesOf = (of: Training<DeitParams, null, null>, ranks: number) =>
  Array.from({ length: ranks }, (_, rank) => shareOf(of, rank, ranks));

it("the shares are equal, in the order of the ranks, and hold every sample once", () => {
  fc.assert(
    fc.property(divided, (how) => {
      const of = training(how);
      const own = sharesOf(of, how.ranks).map((share) => share.own);
      const { batch } = of.training;
      expect(own).toEqual(own.map((_, rank) => ({ from: (rank * batch) / how.ranks, to: ((rank + 1) * batch) / how.ranks })));
    }),
  );
});

it("what a rank loads holds its own samples and the whole groups that these are mixed in, no more", () => {
  fc.assert(
    fc.property(divided, (how) => {
      const group = how.mixing ? how.group : 1;
      for (const { own, loaded } of sharesOf(training(how), how.ranks)) {
        expect([loaded.from % group, loaded.to % group]).toEqual([0, 0]);
        expect([loaded.from <= own.from, loaded.to >= own.to]).toEqual([true, true]);
        expect([own.from - loaded.from < group, loaded.to - own.to < group]).toEqual([true, true]);
      }
    }),
  );
});

it("the ranks ask for the views of the batch", () => {
  fc.assert(
    fc.property(divided, (how) => {
      const of = training(how);
      const order = orderOf(of);
      const requests = sharesOf(of, how.ranks).map((share) => ({ share, asked: [...requestsFrom(order, share, 1, 3)] }));
      for (const step of [1, 2]) {
        const { views, epoch } = order.request(step);
        for (const { share, asked } of requests)
          expect(asked[step - 1]).toEqual({ epoch, views: views.slice(share.loaded.from, share.loaded.to) });
      }
    }),
    { numRuns: 30 },
  );
});

it("the mixed samples of all ranks are those of the whole batch, bitwise, even where a group is larger than a share", async () => {
  let larger = 0;
  await fc.assert(
    fc.asyncProperty(divided, fc.integer({ min: 0, max: 1000 }), async (how, step) => {
      const of = training({ ...how, mixing: true });
      const { batch } = of.training;
      if (how.group > batch / how.ranks) larger++;
      const engine = referenceEngine();
      const k = engine.kernels;
      const all = {
        images: k.uniform(keyOf(2), [batch, 1, SIDE, SIDE]),
        labels: k.upload(
          [batch],
          Array.from({ length: batch }, (_, i) => i % of.target.classes),
        ),
      };
      const whole = mixedBatch(k, all, mixesOf(of, shareOf(of, 0, 1), step), of.target);
      const [images, target] = [await engine.read(whole.images), await engine.read(whole.target)];
      for (const share of sharesOf(of, how.ranks)) {
        const { own, loaded } = share;
        const given = { images: k.slice(all.images, 0, loaded.from, loaded.to), labels: k.slice(all.labels, 0, loaded.from, loaded.to) };
        const mine = ownMixed(k, given, mixesOf(of, share, step), of.target, share);
        const rows = (x: Float64Array | Float32Array): typeof x => x.subarray((own.from * x.length) / batch, (own.to * x.length) / batch);
        expect(Buffer.compare(bytes(await engine.read(mine.images)), bytes(rows(images)))).toBe(0);
        expect(Buffer.compare(bytes(await engine.read(mine.target)), bytes(rows(target)))).toBe(0);
      }
    }),
    { numRuns: 50 },
  );
  expect(larger).toBeGreaterThan(5);
});
